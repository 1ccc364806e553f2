/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record_folder.h"

#include "base/gzip.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUNS "runs"
#define PART_DIGITS 4 /* at least */
#define PART_DIGITS_MOST 9

static const char *const FILES[] = {RECORD_COMPACT, RECORD_EVENTS, RECORD_PACKETS};
#define FILES_N (sizeof FILES / sizeof *FILES)

/* By which a folder is known to be another run's. */
static const struct {
    const char *name, *what;
} LEFT[] = {
    {RECORD_COMPACT, "record"},  {RECORD_EVENTS, "record"}, {RECORD_PACKETS, "record"},
    {RECORD_RESULTS, "results"}, {RECORD_CORPUS, "corpus"},
};

/* runs/2026-11-20-231500, with -2, -3 … where that is taken. */
static int make_folder(char *path, struct err *e)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y-%m-%d-%H%M%S", localtime_r(&now, &tm));
    if (mkdir(RUNS, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", RUNS, strerror(errno));
    for (int i = 1; i < 1000; i++) {
        snprintf(path, RECORD_PATH_MAX, i == 1 ? "%s/%s" : "%s/%s-%d", RUNS, stamp, i);
        if (mkdir(path, 0777) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return err_set(e, "folder %s: %s", path, strerror(errno));
}

int record_folder(const char *given, char path[RECORD_PATH_MAX], struct err *e)
{
    if (given == NULL)
        return make_folder(path, e);
    if (strlen(given) >= RECORD_PATH_MAX)
        return err_set(e, "the folder's name is too long");
    strcpy(path, given);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", path, strerror(errno));
    return 0;
}

const char *record_file(char name[RECORD_FILE_MAX], const char *folder, const char *file)
{
    snprintf(name, RECORD_FILE_MAX, "%s/%s", folder, file);
    return name;
}

/* Where that file of a record lies, packed or not; NULL: it has none. */
static const char *find_file(const char *folder, const char *file, char place[PATH_MAX])
{
    char name[RECORD_FILE_MAX], packed[PATH_MAX];
    record_file(name, folder, file);
    snprintf(place, PATH_MAX, "%s", gzip_place(name, packed, sizeof packed));
    return access(place, F_OK) == 0 ? place : NULL;
}

bool record_is(const char *path)
{
    char place[PATH_MAX];
    unsigned first, last;
    return find_file(path, RECORD_COMPACT, place) != NULL ||
           find_file(path, RECORD_EVENTS, place) != NULL || record_parts(path, &first, &last);
}

bool record_is_written(const char *place)
{
    int fd = open(place, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return is;
}

static int refuse(const char *folder, const char *what, const char *place, bool is_in_use,
                  struct err *e)
{
    if (is_in_use)
        return err_set(
            e,
            "folder %s: another run is writing its %s into it (%s); expected one that is "
            "new or empty",
            folder, what, place);
    return err_set(e,
                   "folder %s: it holds the %s of another run (%s); expected one that is new or "
                   "empty",
                   folder, what, place);
}

int record_is_free(const char *folder, const char *own, struct err *e)
{
    char place[PATH_MAX], part[RECORD_FILE_MAX], name[32];
    unsigned first, last;
    if (record_parts(folder, &first, &last)) {
        bool goes_on = find_file(record_part(folder, last, part), RECORD_COMPACT, place) != NULL &&
                       record_is_written(place);
        return refuse(folder, "record", part, goes_on, e);
    }
    for (size_t i = 0; i < sizeof LEFT / sizeof *LEFT; i++)
        if ((own == NULL || strcmp(LEFT[i].name, own) != 0) &&
            find_file(folder, LEFT[i].name, place) != NULL)
            return refuse(folder, LEFT[i].what, place, record_is_written(place), e);
    snprintf(name, sizeof name, RECORD_FAILURE, 1u);
    if (access(record_file(part, folder, name), F_OK) == 0)
        return refuse(folder, "failures", part, false, e);
    return 0;
}

/* ---- parts ---- */

static unsigned part_number(const char *name)
{
    size_t n = strspn(name, "0123456789");
    bool is_part = n >= PART_DIGITS && n <= PART_DIGITS_MOST && name[n] == '\0';
    return is_part ? (unsigned)strtoul(name, NULL, 10) : 0;
}

bool record_parts(const char *folder, unsigned *first, unsigned *last)
{
    const struct dirent *entry;
    DIR *d = opendir(folder);
    *first = *last = 0;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        unsigned number = part_number(entry->d_name);
        if (number == 0)
            continue;
        *first = *first == 0 || number < *first ? number : *first;
        *last = number > *last ? number : *last;
    }
    if (d != NULL)
        closedir(d);
    return *first != 0;
}

const char *record_part(const char *folder, unsigned number, char name[RECORD_FILE_MAX])
{
    snprintf(name, RECORD_FILE_MAX, "%s/%0*u", folder, PART_DIGITS, number);
    return name;
}

/* ---- a record that is closed ---- */

void record_pack(const char *path)
{
    char name[RECORD_FILE_MAX];
    struct err useless = ERR_INIT;
    for (size_t i = 0; i < FILES_N; i++)
        if (access(record_file(name, path, FILES[i]), F_OK) == 0)
            gzip_file(name, &useless);
}

static void remove_files(const char *folder)
{
    char place[PATH_MAX];
    for (size_t i = 0; i < FILES_N; i++)
        while (find_file(folder, FILES[i], place) != NULL && unlink(place) == 0)
            ; /* the one that is packed, too */
    rmdir(folder);
}

void record_remove(const char *path)
{
    unsigned first, last;
    char part[RECORD_FILE_MAX];
    if (record_parts(path, &first, &last))
        for (unsigned i = first; i <= last; i++)
            remove_files(record_part(path, i, part));
    remove_files(path);
}
