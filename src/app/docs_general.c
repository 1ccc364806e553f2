/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts call besides the functions of the messages; the descriptions do not know these. */
#include "app/docs.h"

#include <string.h>

const struct docs_general DOCS_GENERAL[] = {
    {"Evcc",
     "Connect",
     "options? table",
     "",
     "Evcc.Connect{interface = 'eth1', protocol = 'ISO15118-2'}",
     {"Connects now, with SDP, TCP and supportedAppProtocol; without it the first Send_ or "
      "Receive_ "
      "does. Options: interface, address, protocol, manual, timeout; may_fail: gives nil and why "
      "where there is no connection, in place of ending the script; tls: 'off', 'auto', '1.2', "
      "'1.3', or true (as SDP answers); cert, key, roots: PEM files beside the script, other paths "
      "with --unsafe only.",
      "SDP, TCP, supportedAppProtocol로 바로 연결한다. 부르지 않으면 첫 Send_ 또는 Receive_가 "
      "연결한다. 옵션: interface, address, protocol, manual, timeout. may_fail: 연결되지 않아도 "
      "스크립트를 끝내지 않고 nil과 이유를 준다. tls: 'off', 'auto', '1.2', '1.3', true(SDP 응답에 "
      "따름). cert, key, roots: 스크립트 옆의 PEM 파일. 다른 경로는 --unsafe일 때만 쓸 수 있다."}},
    {"Secc",
     "Listen",
     "options? table",
     "",
     "Secc.Listen{interface = 'eth1'}",
     {"Listens for a vehicle from now on; without it the first Send_ or Receive_ does. Options: "
      "interface, address, protocol, manual, timeout; tls, cert, key, roots as of Evcc.Connect.",
      "지금부터 차량의 연결을 기다린다. 부르지 않으면 첫 Send_ 또는 Receive_가 한다. 옵션: "
      "interface, address, protocol, manual, timeout. tls, cert, key, roots는 Evcc.Connect와 "
      "같다."}},
    {"Role",
     "Disconnect",
     "reset? boolean",
     "",
     "Evcc.Disconnect()",
     {"Closes the connection; with true by a reset (RST).",
      "연결을 닫는다. true를 주면 리셋(RST)으로 닫는다."}},
    {"Role",
     "Send_Raw",
     "bytes string",
     "",
     "Evcc.Send_Raw('\\x01\\xFE\\x80\\x01\\0\\0\\0\\0')",
     {"Sends any bytes, without a V2GTP header of its own.",
      "임의의 바이트를 V2GTP 헤더 없이 그대로 송신한다."}},
    {"Role",
     "Receive_Any_001",
     "milliseconds? number",
     "string?",
     "local name = Secc.Receive_Any_001(60000)",
     {"Waits for any message and gives its name; nil and 'timeout', 'closed' or 'failed' where "
      "none came.",
      "아무 메시지나 기다려 그 이름을 준다. 오지 않으면 nil과 'timeout', 'closed', 'failed' 중 "
      "하나를 준다."}},
    {"Role",
     "Message",
     "name string",
     "Message",
     "local m = Evcc.Message('CurrentDemandReq')\nm.EVTargetVoltage = 390.5\nm:send()",
     {"A message with its defaults as a value with fields; or one read from XML text.",
      "기본값이 채워진 메시지를 필드를 가진 값으로 준다. XML 문자열에서 읽을 수도 있다."}},
    {"Role",
     "Received",
     "name? string",
     "Message?",
     "print(Secc.Received('SessionSetupReq'))",
     {"The message received last (of that name) as a value; nil where there is none.",
      "마지막으로 수신한 (그 이름의) 메시지를 값으로 준다. 없으면 nil."}},
    {"Role",
     "State",
     "",
     "string",
     "print(Evcc.State())",
     {"State of the connection: idle, discovering, connecting, agreeing, ready, closed or failed; "
      "and why.",
      "연결 상태: idle, discovering, connecting, agreeing, ready, closed, failed. 둘째 값은 "
      "이유."}},
    {"Role",
     "SessionID",
     "",
     "string",
     "print(Evcc.SessionID())",
     {"The SessionID in force, as hex digits.", "현재 SessionID(16진수 문자열)."}},
    {"Role",
     "Get_Tls_Version",
     "",
     "string?",
     "assert(Evcc.Get_Tls_Version() == '1.3')",
     {"Version of TLS of the newest connection, '1.2' or '1.3'; nil where it has none.",
      "가장 최근 연결의 TLS 버전, '1.2' 또는 '1.3'. TLS가 아니면 nil."}},
    {"Role",
     "Get_Tls_Suite",
     "",
     "string?",
     "assert(Evcc.Get_Tls_Suite() == 'TLS_AES_256_GCM_SHA384')",
     {"The cipher suite agreed, by its name at IANA; nil where there is none.",
      "합의된 암호 스위트의 IANA 이름. 없으면 nil."}},
    {"Role",
     "Get_Tls_Group",
     "",
     "string?",
     "assert(Evcc.Get_Tls_Group() == 'secp521r1')",
     {"The group (curve) of the key exchange; nil where there is none.",
      "키 교환에 쓰인 그룹(곡선). 없으면 nil."}},
    {"Role",
     "Get_Tls_PeerCertificate",
     "index? integer",
     "string?",
     "local subject, pem = Evcc.Get_Tls_PeerCertificate(0)",
     {"Subject and PEM of a certificate of the other side's chain; 0, the default, is the leaf. "
      "nil where it has sent none.",
      "상대 인증서 체인에서 한 인증서의 주체 이름과 PEM. 0(기본값)이 말단 인증서. 보내지 "
      "않았으면 nil."}},
    {"Role",
     "Get_Tls_Problem",
     "",
     "string?",
     "print(Evcc.Get_Tls_Problem())",
     {"What is wrong with the other side's certificates; nil where nothing is.",
      "상대 인증서의 문제점. 없으면 nil."}},
    {"Role",
     "Get_Tls_Alert",
     "",
     "string?",
     "local alert, from, level = Secc.Get_Tls_Alert()\nassert(alert == 'unknown_ca')",
     {"The last TLS alert that is no close_notify: its name, who has sent it ('EVCC', 'SECC'), and "
      "'fatal' or 'warning'; nil where there is none.",
      "close_notify를 제외한 마지막 TLS 경고: 이름, 보낸 쪽('EVCC', 'SECC'), 'fatal' 또는 "
      "'warning'. 없으면 nil."}},
    {"Role",
     "Sign_AuthorizationReq",
     "key? string",
     "",
     "Evcc.Sign_AuthorizationReq()\nEvcc.Send_AuthorizationReq_001()",
     {"Signs the message as it would be sent now, with the key in a PEM file beside the script, "
      "else "
      "that of the demo tree. The same for every message that the standards have signed.",
      "지금 송신될 내용대로 메시지에 서명한다. 키는 스크립트 옆의 PEM 파일, 없으면 데모 "
      "인증서의 키. 표준에서 서명하는 모든 메시지에 쓸 수 있다."}},
    {"Role",
     "Verify_AuthorizationReq",
     "cert? string",
     "boolean?",
     "assert(Secc.Verify_AuthorizationReq())",
     {"Whether the signature of the message received last is valid: true; or nil, why, and the "
      "kind "
      "of fault ('wrong digest'). cert: PEM file of the signer, else that of the demo tree. The "
      "same for every message that the standards have signed.",
      "마지막으로 수신한 메시지의 서명이 맞으면 true, 아니면 nil, 이유, 오류 종류('wrong "
      "digest'). cert는 서명자의 PEM 파일, 없으면 데모 인증서. 표준에서 서명하는 모든 메시지에 "
      "쓸 수 있다."}},
    {"Message",
     "xml",
     "",
     "string",
     "print(m:xml())",
     {"The XML as on the reference pages; tostring gives the same.",
      "레퍼런스 페이지와 같은 형식의 XML. tostring도 같다."}},
    {"Message", "json", "", "string", "print(m:json())", {"One line of JSON.", "한 줄짜리 JSON."}},
    {"Message", "exi", "", "string", "local bytes = m:exi()", {"The EXI bytes.", "EXI 바이트열."}},
    {"Message", "name", "", "string", "print(m:name())", {"The message's name.", "메시지 이름."}},
    {"Message",
     "table",
     "",
     "table",
     "local t = m:table()",
     {"A plain table of all elements.", "모든 요소를 담은 일반 테이블."}},
    {"Message",
     "send",
     "",
     "",
     "m:send()",
     {"Sends it, whoever should send it by the standard.",
      "표준상 어느 쪽이 보내는 메시지인지와 관계없이 송신한다."}},
    {"Message",
     "copy",
     "",
     "Message",
     "local other = m:copy()",
     {"Another one of the same content.", "내용이 같은 다른 메시지를 만든다."}},
    {"", "Sleep", "milliseconds number", "", "Sleep(500)", {"Waits.", "기다린다(밀리초)."}},
    {"",
     "Now",
     "",
     "number",
     "local start = Now()",
     {"Milliseconds since 1970.", "1970년 이후의 밀리초."}},
    {"",
     "Log",
     "... any",
     "",
     "Log('target voltage', 390.5)",
     {"Writes a line to the report.", "보고서에 한 줄을 쓴다."}},
    {"",
     "Pass",
     "why? string",
     "",
     "Pass()",
     {"Ends the script with the verdict pass.", "pass 판정으로 스크립트를 끝낸다."}},
    {"",
     "Fail",
     "why? string",
     "",
     "Fail('the station did not answer')",
     {"Ends the script with the verdict fail.", "fail 판정으로 스크립트를 끝낸다."}},
    {"",
     "Inconclusive",
     "why? string",
     "",
     "Inconclusive('no contract certificate at hand')",
     {"Ends the script with the verdict inconclusive.",
      "inconclusive 판정으로 스크립트를 끝낸다."}},
    {.name = NULL},
};

void docs_general_call(const struct docs_general *g, struct buf *out)
{
    const char *at = g->parameters;
    while (*at != '\0') {
        buf_add(out, at, strcspn(at, " ?"));
        at += strcspn(at, ",");
        at += strspn(at, ", ");
        buf_text(out, *at != '\0' ? ", " : "");
    }
}

void docs_general_name(const struct docs_general *g, uint8_t side, struct buf *out)
{
    bool is_role = strcmp(g->owner, "Role") == 0, is_message = strcmp(g->owner, "Message") == 0;
    uint8_t role = side == FROM_SECC ? FROM_SECC : FROM_EVCC;
    buf_text(out, is_role ? name_role(role) : is_message ? "m" : g->owner);
    buf_text(out, is_message ? ":" : g->owner[0] != '\0' ? "." : "");
    buf_printf(out, "%s(", g->name);
    docs_general_call(g, out);
    buf_char(out, ')');
}
