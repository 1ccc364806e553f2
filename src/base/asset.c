/* SPDX-License-Identifier: Apache-2.0 */
#include "base/asset.h"

#include <string.h>

/* tools/embed makes the table. Offsets count from its start. */
struct asset {
    uint32_t path, bytes, size;
};
extern const struct asset asset_table[] __attribute__((visibility("hidden")));
extern const uint32_t asset_count __attribute__((visibility("hidden")));

static const char *path_of(size_t i)
{
    return (const char *)asset_table + asset_table[i].path;
}

static struct slice bytes_of(size_t i)
{
    return (struct slice){(const uint8_t *)asset_table + asset_table[i].bytes, asset_table[i].size};
}

/* Index of the first file whose name is not before `path`. */
static size_t first_from(const char *path)
{
    size_t low = 0, high = asset_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(path_of(middle), path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool asset_find(const char *path, struct slice *bytes)
{
    size_t i = first_from(path);
    if (i == asset_count || strcmp(path_of(i), path) != 0)
        return false;
    *bytes = bytes_of(i);
    return true;
}

bool asset_each(const char *start, size_t *at, const char **path, struct slice *bytes)
{
    size_t i = *at > 0 ? *at : first_from(start);
    if (i >= asset_count || strncmp(path_of(i), start, strlen(start)) != 0)
        return false;
    *path = path_of(i);
    *bytes = bytes_of(i);
    *at = i + 1;
    return true;
}
