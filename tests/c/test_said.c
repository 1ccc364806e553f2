/* SPDX-License-Identifier: Apache-2.0 */
/* What is said in Korean: values in their places, messages in messages, and texts of any kind. */
#include "base/said.h"

#include "support.h"

#include <stdlib.h>

static void says(const char *english, const char *korean)
{
    struct buf b = {0};
    assert_string_equal(said_text(&b, english), korean);
    buf_close(&b);
}

static void values_are_put_into_their_places(void **state)
{
    (void)state;
    said_choose("ko");
    says("expected 4, found 5", "기대한 것 4, 나온 것 5");
    says("x.lua:3: ISO15118-2 has no message 'X'; the nearest is Y",
         "x.lua:3: ISO15118-2에는 메시지 'X'가 없다; 가장 가까운 것은 Y");
    says("fail: expected Y, found nothing (frame 3, 00:00:01.000)",
         "불합격: 기대한 것 Y, 나온 것 없음 (프레임 3, 00:00:01.000)");
    says("the capture is damaged behind packet 7: the size of the next block is 9; the packets "
         "before are complete",
         "캡처가 패킷 7 뒤에서 손상되었다: 다음 블록의 크기 9; 그 앞의 패킷은 온전하다");
    says(
        "V2G_Message/Body, bit 104: the input ends here (13 bytes), in the middle of the document; "
        "expected more",
        "V2G_Message/Body, bit 104: 입력이 여기서 (13바이트) 문서의 중간에 끝난다; 더 있어야 한다");
    says("certificate 1 (secc-leaf): key usage is a; expected b",
         "인증서 1 (secc-leaf): 키 용도가 a이다; b이어야 한다");
    says("TCP [::1]:7 to [::1]:8: no answer to 3 SYN in 7.0 s",
         "TCP [::1]:7에서 [::1]:8로: 7.0초 동안 SYN 3개에 응답 없음");
    says("packet 9, a datagram from [::1]:7, was captured only in part: 3 bytes of it are missing "
         "(the snapshot length was too short)",
         "[::1]:7의 데이터그램인 패킷 9이(가) 일부만 캡처되었다: 3바이트가 없다 (스냅샷 길이가 "
         "너무 짧았다)");
    says("x.lua:1: bad argument #1 to 'Wait' (expected milliseconds, 0 or more)",
         "x.lua:1: 'Wait'의 1번째 인수가 틀리다 (0 이상의 밀리초여야 한다)");
}

static void what_is_not_in_the_table_stays(void **state)
{
    (void)state;
    said_choose("ko");
    says("it is 100%", "it is 100%");
    says("", "");
    says("expected a\nand b, found c", "다음이어야 한다: a\nand b, found c");
    said_choose("en");
    says("expected 4, found 5", "expected 4, found 5");
}

/* Texts that nearly fit much, made by chance, are neither slow nor read beyond their end. */
static void any_text_can_be_said(void **state)
{
    static const char LETTERS[] = "%s: abe\n{1};,0(";
    struct buf b = {0};
    (void)state;
    said_choose("ko");
    srand(1);
    for (int i = 0; i < 300; i++) {
        char text[300];
        size_t n = (size_t)rand() % sizeof text;
        for (size_t k = 0; k < n; k++)
            text[k] = LETTERS[(size_t)rand() % (sizeof LETTERS - 1)];
        text[n] = '\0';
        assert_non_null(said_text(&b, text));
    }
    buf_close(&b);
    said_choose("en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_put_into_their_places),
        cmocka_unit_test(what_is_not_in_the_table_stays),
        cmocka_unit_test(any_text_can_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
