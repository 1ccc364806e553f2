/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts call besides the functions of the messages; the descriptions do not know these. */
#include "reference/docs.h"
#include "trust/signer.h"

#include <stdio.h>
#include <string.h>

#define NAME_TEXT_MAX 96

const struct docs_general DOCS_GENERAL[] = {
    {"Role",
     "Protocol",
     NULL,
     "string",
     "Evcc.Protocol = 'DIN70121'",
     {"Protocol of the messages, set before the first one: 'DIN70121', 'ISO15118-2' or "
      "'ISO15118-20'. Read later it is the one that supportedAppProtocol agreed.",
      "메시지의 프로토콜: 'DIN70121', 'ISO15118-2', 'ISO15118-20'. 첫 메시지 전에 정한다. 나중에 "
      "읽으면 supportedAppProtocol로 합의한 프로토콜이다."}},
    {"Role",
     "FixedProtocol",
     NULL,
     "string?",
     "local protocol = Evcc.FixedProtocol",
     {"The protocol that an option or the script has set; nil where what is agreed tells it. "
      "Read only.",
      "옵션이나 스크립트가 정한 프로토콜. 합의로 정해지면 nil. 읽기 전용."}},
    {"Role",
     "Signing",
     NULL,
     "boolean",
     "Evcc.Signing = false",
     {"Whether messages that the standards want signed are signed by themselves when they are "
      "sent; true unless a script says otherwise.",
      "표준이 서명을 요구하는 메시지를 송신할 때 자동으로 서명할지 여부. 기본값은 true."}},
    {"Evcc",
     "Connect",
     "options? table",
     "",
     "Evcc.Connect{interface = 'eth1', protocol = 'ISO15118-2'}",
     {"Connects now, with SDP, TCP and supportedAppProtocol; without it the first Send_ or "
      "Receive_ "
      "does. Options: interface, address, protocol, manual, timeout; may_fail: gives nil and why "
      "where there is no connection, in place of ending the script; tls: 'off', 'auto', '1.2', "
      "'1.3', true (as SDP answers), or a table of settings: version, plain, suites, groups, "
      "schemes, "
      "check, profile, domain, at, trusted_ca_keys, certificate_authorities, ocsp, staple, "
      "resumption, server_name, encrypt_then_mac, extended_master_secret, weak; cert, key, roots: "
      "PEM "
      "files beside the script, other paths with --unsafe only.",
      "SDP, TCP, supportedAppProtocol로 바로 연결한다. 부르지 않으면 첫 Send_ 또는 Receive_가 "
      "연결한다. 옵션: interface, address, protocol, manual, timeout. may_fail: 연결되지 않아도 "
      "스크립트를 끝내지 않고 nil과 이유를 준다. tls: 'off', 'auto', '1.2', '1.3', true(SDP 응답에 "
      "따름), 또는 설정 테이블(version, plain, suites, groups, schemes, check, profile, domain, "
      "at, "
      "trusted_ca_keys, certificate_authorities, ocsp, staple, resumption, server_name, "
      "encrypt_then_mac, extended_master_secret, weak). cert, key, roots: 스크립트 옆의 PEM 파일. "
      "다른 경로는 --unsafe일 때만 쓸 수 있다."}},
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
     "Probe",
     "port number, first? number, every? number",
     "",
     "Evcc.Probe(60918, 20, 1000)",
     {"Tries that port of the other side beside the session, for the first time after so many "
      "milliseconds and then again and again, until the connection is closed; the record tells "
      "what becomes of it.",
      "세션과 별도로 상대의 그 포트에 TCP 연결을 시도한다. 첫 시도까지의 시간과 그 다음부터의 "
      "간격은 "
      "밀리초이며 연결이 닫힐 때까지 되풀이한다. 결과는 기록에 남는다."}},
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
     "Get_Tls_Schemes",
     "",
     "string?",
     "local station, vehicle = Evcc.Get_Tls_Schemes()",
     {"The signature schemes of the handshake: that of the station, and that of the vehicle; nil "
      "where one has not signed.",
      "핸드셰이크의 서명 방식: 충전기의 것, 차량의 것. 서명하지 않은 쪽은 nil."}},
    {"Role",
     "Get_Tls_Resumed",
     "",
     "boolean?",
     "assert(Evcc.Get_Tls_Resumed())",
     {"Whether the connection resumes a former TLS session; nil where it has no TLS.",
      "이전 TLS 세션을 재개했는지 여부. TLS가 아니면 nil."}},
    {"Role",
     "Get_Tls_Handshake_Time",
     "",
     "number?",
     "print(Evcc.Get_Tls_Handshake_Time())",
     {"Milliseconds from the first octets of the handshake to its end; nil before that.",
      "핸드셰이크의 첫 바이트부터 끝까지 걸린 밀리초. 끝나기 전에는 nil."}},
    {"Role",
     "Get_Tls_Offer",
     "",
     "table?",
     "for _, suite in ipairs(Secc.Get_Tls_Offer().suites) do Log(suite) end",
     {"What ClientHello has: lists versions, suites, groups, schemes, extensions, "
      "certificate_authorities, trusted_ca_keys, protocols (ALPN); server_name; ocsp, ocsp_v2, "
      "resumes (booleans).",
      "ClientHello의 내용: 목록 versions, suites, groups, schemes, extensions, "
      "certificate_authorities, trusted_ca_keys, protocols(ALPN), 그리고 server_name, ocsp, "
      "ocsp_v2, resumes(불리언)."}},
    {"Role",
     "Get_Tls_Answer",
     "",
     "table?",
     "print(Evcc.Get_Tls_Answer().suite)",
     {"What ServerHello has: version, suite, group, resumed; extensions, with those of "
      "EncryptedExtensions.",
      "ServerHello의 내용: version, suite, group, resumed, extensions(EncryptedExtensions 포함)."}},
    {"Role",
     "Get_Tls_Request",
     "",
     "table?",
     "assert(Evcc.Get_Tls_Request())",
     {"What CertificateRequest has, by which the station asks for the vehicle's certificate: "
      "certificate_authorities, schemes; nil where it did not ask.",
      "충전기가 차량 인증서를 요구하는 CertificateRequest의 내용: certificate_authorities, "
      "schemes. 요구하지 않았으면 nil."}},
    {"Role",
     "Get_Tls_PeerChain",
     "",
     "table?",
     "local leaf = Evcc.Get_Tls_PeerChain()[1]\nprint(leaf.subject, leaf.curve)",
     {"The other side's chain as it was sent: a list of Certificates, leaf first; nil where none "
      "was sent.",
      "상대가 보낸 인증서 체인: 말단 인증서부터의 Certificate 목록. 보내지 않았으면 nil."}},
    {"Role",
     "Get_Tls_OwnChain",
     "",
     "table?",
     "print(#Secc.Get_Tls_OwnChain())",
     {"The chain that this side has shown: a list of Certificates; nil where it was not asked for "
      "one.",
      "이쪽이 보여 준 인증서 체인(Certificate 목록). 요구받지 않았으면 nil."}},
    {"Role",
     "Get_Tls_Ocsp",
     "",
     "string?",
     "local state, response = Evcc.Get_Tls_Ocsp()\nassert(state == 'good')",
     {"What the stapled OCSP response says: 'good', 'revoked', or what is wrong with it ('not "
      "checked' where nobody looked), and its octets; nil where none was sent.",
      "스테이플된 OCSP 응답의 상태: 'good', 'revoked' 또는 문제점(확인하지 않았으면 'not "
      "checked'), 그리고 그 바이트. 없으면 nil."}},
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
     "Expect_Tls_Alert_001",
     "name? string, milliseconds? number",
     "string?",
     "Evcc.Connect{tls = '1.3', cert = 'expired.pem', may_fail = "
     "true}\nEvcc.Expect_Tls_Alert_001('certificate_expired')",
     {"Waits until the other side sends that TLS alert (one of a list of names; nil: any but "
      "close_notify), and gives its name. Anything else ends the script with the verdict fail and "
      "says what was found: another alert, a completed handshake, the end of the connection. "
      "Connects, or listens, if nothing was started yet.",
      "상대가 그 TLS 경고(이름 또는 이름 목록, nil이면 close_notify를 제외한 아무 것)를 보낼 "
      "때까지 기다리고 그 이름을 준다. 다른 경고, 완료된 핸드셰이크, 연결 종료 등은 fail 판정과 "
      "함께 무엇이 왔는지 알린다. 아직 시작하지 않았으면 연결하거나 대기한다."}},
    {"Role",
     "Expect_Tls_Refusal_001",
     "name? string, milliseconds? number",
     "string",
     "local why = Secc.Expect_Tls_Refusal_001('certificate_expired')",
     {"The same for an alert that this side sends because it refuses the other one; gives what was "
      "wrong: which certificate, which field, which clause.",
      "이쪽이 상대를 거부하며 보내는 경고에 대해 같은 일을 한다. 무엇이 잘못되었는지(인증서, 항목, "
      "조항)를 준다."}},
    {"Role",
     "Sign_AuthorizationReq",
     "who? Key|Identity|string",
     "",
     "Evcc.Sign_AuthorizationReq(Pki.Identity('contract-leaf'))\nEvcc.Send_AuthorizationReq_001()",
     {"Signs the message as it would be sent now, with a Key, that of an identity, or that in a "
      "PEM "
      "file beside the script; else with that of the tree. The same for every message that the "
      "standards have signed. Those that they want signed are so by themselves when they are sent; "
      "not with Evcc.Signing = false, nor where the script has set the Signature or left it out.",
      "지금 송신될 내용대로 메시지에 서명한다. who는 Key, Identity, 스크립트 옆의 PEM 파일. 없으면 "
      "인증서 트리의 키. 표준에서 서명하는 모든 메시지에 쓸 수 있다. 표준이 서명을 요구하는 "
      "메시지는 송신할 때 자동으로 서명된다. Evcc.Signing = false이거나 스크립트가 Signature를 "
      "직접 "
      "정하거나 뺐으면 그대로 보낸다."}},
    {"Role",
     "Verify_AuthorizationReq",
     "who? Certificate|Identity|Key|string",
     "boolean?",
     "local leaf = Secc.Get_PaymentDetailsReq_ContractSignatureCertChain_Certificate()\n"
     "local valid, why, kind = Secc.Verify_AuthorizationReq(Pki.Certificate(leaf))",
     {"Whether the signature of the message received last is valid: true; or nil, why, and the "
      "kind "
      "of fault ('wrong digest'). who has signed: a Certificate, its octets, an identity, a Key, "
      "or "
      "a PEM file beside the script; else the usual signer of the tree. The same for every message "
      "that the standards have signed.",
      "마지막으로 수신한 메시지의 서명이 맞으면 true, 아니면 nil, 이유, 오류 종류('wrong "
      "digest'). who는 서명자: Certificate, 그 바이트열, Identity, Key, 스크립트 옆의 PEM 파일. "
      "없으면 트리의 인증서. 표준에서 서명하는 모든 메시지에 쓸 수 있다."}},
    {"Pki",
     "Identity",
     "role string, edition? string",
     "Identity",
     "local contract = Pki.Identity('contract-leaf')\nprint(contract.chain[1], contract.key)",
     {"Whom a role of `v2glab pki list --roles` is: chain (leaf first, without the root) and key, "
      "out of the tree. edition: a protocol, as Evcc.Protocol has it; else the script's.",
      "`v2glab pki list --roles`에 있는 역할의 인증서 체인(말단부터, 루트 제외)과 키를 인증서 "
      "트리에서 준다. edition은 Evcc.Protocol과 같은 프로토콜 이름, 없으면 스크립트의 프로토콜."}},
    {"Pki",
     "Roots",
     "edition? string",
     "Certificate[]",
     "for _, root in ipairs(Pki.Roots()) do print(root) end",
     {"All roots of the tree.", "인증서 트리의 모든 루트 인증서."}},
    {"Pki",
     "Certificate",
     "bytes string",
     "Certificate?",
     "local certificate, why, kind = Pki.Certificate(bytes)",
     {"A certificate in DER or PEM as a value; nil, why and 'unparseable' where it is none. Its "
      "fields: der, pem, subject, common_name, domain, issuer, issuer_name, serial, not_before, "
      "not_after, curve, key_identifier, edition, problem.",
      "DER 또는 PEM 인증서를 값으로 준다. 인증서가 아니면 nil, 이유, 'unparseable'. 필드: der, "
      "pem, subject, common_name, domain, issuer, issuer_name, serial, not_before, not_after, "
      "curve, key_identifier, edition, problem."}},
    {"Pki",
     "Read",
     "path string",
     "Certificate[]",
     "local chain = Pki.Read('contract.pem')",
     {"The certificates of a file beside the script, PEM or DER.",
      "스크립트 옆에 있는 파일(PEM 또는 DER)의 인증서들."}},
    {"Pki",
     "Key",
     "path string",
     "Key",
     "local key = Pki.Key('contract.key')",
     {"The private key of a file beside the script. It never shows its secret; key.curve, "
      "key:matches(certificate).",
      "스크립트 옆에 있는 파일의 개인 키. 비밀 값은 볼 수 없다. key.curve, "
      "key:matches(certificate)."}},
    {"Pki",
     "Check",
     "chain (Certificate|string)[], options? table",
     "boolean?",
     "local good, why, kind = Pki.Check({ leaf, sub2, sub1 }, { role = 'contract-leaf' })",
     {"Holds a chain, as received, against the standards' profiles: true; or nil, which "
      "certificate, which field and clause, and the kind of fault ('expired', 'revoked', "
      "'signature', …). Options: role, edition; roots (else the tree's); at: seconds since 1970; "
      "revocation = false leaves the tree's revocation lists out; tolerate: a list of kinds of "
      "fault "
      "that are put up with.",
      "수신한 인증서 체인을 표준의 프로파일과 비교한다. 맞으면 true, 아니면 nil, 어느 인증서의 "
      "어느 필드가 어느 조항에 어긋나는지, 오류 종류('expired', 'revoked', 'signature', …). 옵션: "
      "role, edition, roots(없으면 트리의 루트), at(1970년 이후의 초), revocation = false이면 "
      "트리의 폐기 목록을 보지 않는다. tolerate: 눈감아 줄 오류 종류의 목록."}},
    {"Pki",
     "Wrap",
     "receiver Certificate, key Key, options? table",
     "string?",
     "local public, wrapped = Pki.Wrap(provisioning, contract.key,\n"
     "  { pcid = provisioning.common_name, certificate = contract.chain[1] })",
     {"Encrypts a contract's private key for the holder of the receiver's certificate: the octets "
      "of DHpublickey, and of the encrypted private key; nil and why where that cannot be. "
      "Options, "
      "both needed in ISO 15118-20: pcid, and the contract's certificate.",
      "계약 인증서의 개인 키를 수신자 인증서의 소유자만 풀 수 있게 암호화한다. DHpublickey와 "
      "암호화된 개인 키의 바이트열을 주고, 할 수 없으면 nil과 이유. 옵션: pcid, certificate(계약 "
      "인증서). ISO 15118-20에서는 둘 다 필요하다."}},
    {"Pki",
     "Unwrap",
     "receiver Key, public string, wrapped string, options? table",
     "Key?",
     "local key, why = Pki.Unwrap(provisioning.key, public, wrapped, { certificate = leaf })",
     {"The contract's private key that was encrypted for the receiver; nil and why where it cannot "
      "be decrypted, or does not belong to the contract's certificate. Options as of Pki.Wrap.",
      "수신자의 키로 푼 계약 인증서의 개인 키. 풀 수 없거나 계약 인증서와 맞지 않으면 nil과 이유. "
      "옵션은 Pki.Wrap과 같다."}},
    {"Pki",
     "Random",
     "n integer",
     "string",
     "Secc.Set_PaymentDetailsRes_GenChallenge(Pki.Random(16))",
     {"n random octets.", "무작위 n바이트."}},
    {"Pki",
     "Emaid",
     "text string",
     "string?",
     "assert(Pki.Emaid('DE-ABC-C00000001-3') == 'DEABCC000000013')",
     {"An eMAID without separators, in capitals; nil and why where it is none.",
      "구분자 없이 대문자로 쓴 eMAID. eMAID가 아니면 nil과 이유."}},
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
    {"Message",
     "sign",
     "who? Key|Identity|string",
     "",
     "m:sign(Pki.Identity('contract-leaf'))",
     {"Signs it as it is now; who as of Sign_.", "지금 내용대로 서명한다. who는 Sign_과 같다."}},
    {"Message",
     "verify",
     "who? Certificate|Identity|Key|string",
     "boolean?",
     "local valid, why, kind = m:verify(leaf)",
     {"Whether its signature is valid; who and results as of Verify_.",
      "서명이 맞는지 확인한다. who와 결과는 Verify_와 같다."}},
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

const char *docs_general_each(const struct docs_general *g, unsigned i, char *text)
{
    bool is_sign = strncmp(g->name, "Sign_", 5) == 0;
    if (!is_sign && strncmp(g->name, "Verify_", 7) != 0)
        return i == 0 ? g->name : NULL;
    if (SIGNERS[i].message == NULL)
        return NULL;
    snprintf(text, NAME_TEXT_MAX, "%s%s", is_sign ? "Sign_" : "Verify_", SIGNERS[i].message);
    return text;
}

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
    buf_text(out, g->name);
    if (g->parameters == NULL)
        return;
    buf_char(out, '(');
    docs_general_call(g, out);
    buf_char(out, ')');
}
