/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the Lua API: found against the descriptions, listed from them, and what errors say. */
#include "names/name.h"

#include "codec/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct library library;

static struct name_scope scope_of(const char *protocol, uint8_t side)
{
    return (struct name_scope){&library, protocol_find(protocol), side};
}

static struct name resolve(const char *protocol, uint8_t side, const char *text)
{
    struct name_scope scope = scope_of(protocol, side);
    struct name name;
    struct err e = ERR_INIT;
    if (name_resolve(&scope, text, &name, &e) != 0)
        fail_msg("%s", e.what);
    return name;
}

/* The element names of the steps, with '[]' behind each that takes an index. */
static const char *steps(const struct name *n, char *out, size_t size)
{
    const struct type *t = n->message->as.type;
    size_t used = 0;
    out[0] = '\0';
    if (n->in_header) {
        int slot = type_slot_of(n->set->root->as.type, "Header");
        t = n->set->root->as.type->field[slot].type;
    }
    for (unsigned i = 0; i < n->steps; i++) {
        const struct field *f = &t->field[n->step[i].slot];
        used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", i > 0 ? "/" : "",
                                 f->is_attribute ? "@" : "", f->is_content ? "content" : f->name,
                                 n->step[i].indexed ? "[]" : "");
        t = f->type;
    }
    return out;
}

struct expected {
    const char *protocol;
    uint8_t side;
    const char *text, *steps;
    enum name_target target;
};

static const struct expected EXPECTED[] = {
    {"ISO15118-2", FROM_EVCC, "Set_SessionStopReq_ChargingSession", "ChargingSession", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Send_SessionStopReq_001", "", NAME_MESSAGE},
    {"ISO15118-2", FROM_EVCC, "Send_SessionStopReq", "", NAME_MESSAGE},
    {"ISO15118-2", FROM_SECC, "Check_Received_ChargingStatusReq", "", NAME_MESSAGE},
    {"ISO15118-2", FROM_SECC, "Set_ChargingStatusRes_AC_EVSEStatus_RCD", "AC_EVSEStatus/RCD",
     NAME_LEAF},
    {"ISO15118-2", FROM_SECC, "Set_PreChargeRes_DC_EVSEStatus_EVSEIsolationStatusSpecified",
     "DC_EVSEStatus/EVSEIsolationStatus", NAME_SPECIFIED},
    {"ISO15118-2", FROM_EVCC, "Set_PreChargeReq_EVTargetVoltage", "EVTargetVoltage", NAME_QUANTITY},
    {"ISO15118-2", FROM_EVCC, "Set_PreChargeReq_EVTargetVoltage_Value", "EVTargetVoltage/Value",
     NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID",
     "SelectedServiceList/SelectedService[]/ServiceID", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC,
     "Set_PaymentServiceSelectionReq_SelectedServiceList_SelectedService_ServiceID",
     "SelectedServiceList/SelectedService[]/ServiceID", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Set_PaymentServiceSelectionReq_SelectedServiceList_Count",
     "SelectedServiceList/SelectedService", NAME_COUNT},
    {"ISO15118-2", FROM_EVCC,
     "Set_PaymentServiceSelectionReq_SelectedServiceList_SelectedService_Count",
     "SelectedServiceList/SelectedService", NAME_COUNT},
    {"ISO15118-2", FROM_SECC, "Exist_PaymentServiceSelection_SelectedService",
     "SelectedServiceList/SelectedService", NAME_NODE},
    {"ISO15118-2", FROM_SECC, "Exist_PaymentServiceSelectionReq_SelectedServiceList",
     "SelectedServiceList/SelectedService", NAME_NODE},
    {"ISO15118-2", FROM_EVCC, "Exist_ServiceDiscovery_PaymentOption",
     "PaymentOptionList/PaymentOption", NAME_LEAF},
    {"ISO15118-2", FROM_SECC, "Add_ServiceDiscoveryRes_PaymentOptionList",
     "PaymentOptionList/PaymentOption[]", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC,
     "Get_ChargeParameterDiscoveryRes_SAScheduleList_SAScheduleTuple_"
     "PMaxSchedule_PMaxScheduleEntry_RelativeTimeInterval_start",
     "SAScheduleList/SAScheduleTuple[]/PMaxSchedule/PMaxScheduleEntry[]/RelativeTimeInterval/start",
     NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Set_AuthorizationReq_Id", "@Id", NAME_LEAF},
    {"ISO15118-2", FROM_SECC, "Get_AuthorizationReq_Header_SessionID", "SessionID", NAME_LEAF},
    {"ISO15118-2", FROM_SECC, "Set_AuthorizationRes_Header_Signature_SignatureValue",
     "Signature/SignatureValue/content", NAME_LEAF},
    {"DIN70121", FROM_EVCC, "Set_SessionSetupReq_Header_SessionID", "SessionID", NAME_LEAF},
    {"DIN70121", FROM_EVCC, "Add_ServicePaymentSelectionReq_SelectedServiceList_ServiceID",
     "SelectedServiceList/SelectedService[]/ServiceID", NAME_LEAF},
    {"DIN70121", FROM_EVCC, "Set_PreChargeReq_DC_EVStatus_EVReady", "DC_EVStatus/EVReady",
     NAME_LEAF},
    {"ISO15118-20", FROM_SECC,
     "Set_ServiceSelectionRes_Header_Signature_SignedInfo_SignatureMethod",
     "Header/Signature/SignedInfo/SignatureMethod/@Algorithm", NAME_LEAF},
    {"ISO15118-20", FROM_SECC,
     "Set_ServiceSelectionRes_Header_Signature_SignedInfo_CanonicalizationMethod",
     "Header/Signature/SignedInfo/CanonicalizationMethod/@Algorithm", NAME_LEAF},
    {"ISO15118-20", FROM_SECC, "Get_ServiceSelectionReq_SelectedVASListSpecified",
     "SelectedVASList", NAME_SPECIFIED},
    {"ISO15118-20", FROM_EVCC,
     "Set_AC_ChargeParameterDiscoveryReq_"
     "AC_CPDReqEnergyTransferMode_EVMaximumChargePower_L2",
     "AC_CPDReqEnergyTransferMode/EVMaximumChargePower_L2", NAME_QUANTITY},
    {"ISO15118-20", FROM_EVCC,
     "Set_AC_ChargeParameterDiscoveryReq_"
     "AC_CPDReqEnergyTransferMode_EVMaximumChargePower",
     "AC_CPDReqEnergyTransferMode/EVMaximumChargePower", NAME_QUANTITY},
    {"ISO15118-20", FROM_EVCC,
     "Set_AC_ChargeParameterDiscoveryReq_"
     "AC_CPDReqEnergyTransferMode_EVMaximumChargePower_L2_Value",
     "AC_CPDReqEnergyTransferMode/EVMaximumChargePower_L2/Value", NAME_LEAF},
    {"ISO15118-20", FROM_EVCC,
     "Set_AC_ChargeParameterDiscoveryReq_"
     "AC_CPDReqEnergyTransferMode_EVMaximumChargePower_L2Specified",
     "AC_CPDReqEnergyTransferMode/EVMaximumChargePower_L2", NAME_SPECIFIED},
    {"ISO15118-20-AC-DER-IEC", FROM_EVCC,
     "Set_AC_ChargeLoopReq_DER_Dynamic_AC_CLReqControlMode_GridEventCondition",
     "DER_Dynamic_AC_CLReqControlMode/GridEventCondition", NAME_LEAF},
    {"ISO15118-20-AC-DER-IEC", FROM_EVCC,
     "Get_AC_ChargeParameterDiscoveryRes_DER_AC_CPDResEnergyTransferMode_DERControl_"
     "ReactivePowerSupport_VoltVar_CurveDataPoints_CurveDataPoint_xValue",
     "DER_AC_CPDResEnergyTransferMode/DERControl/ReactivePowerSupport/VoltVar/CurveDataPoints/"
     "CurveDataPoint[]/xValue",
     NAME_QUANTITY},
    {"ISO15118-20-AC-DER-SAE", FROM_SECC,
     "Set_AC_ChargeLoopRes_DER_Scheduled_AC_CLResControlMode_DERControlCLRes_EnterServiceCLRes_"
     "PermitService",
     "DER_Scheduled_AC_CLResControlMode/DERControlCLRes/EnterServiceCLRes/PermitService",
     NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Add_supportedAppProtocolReq_ProtocolNamespace",
     "AppProtocol[]/ProtocolNamespace", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Set_SECCDiscoveryReq_Security", "Security", NAME_LEAF},
    {"ISO15118-2", FROM_EVCC, "Get_SECCDiscoveryRes_SECCPort", "SECCPort", NAME_LEAF},
};

static void test_resolve(void **state)
{
    (void)state;
    char text[512];
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        const struct expected *x = &EXPECTED[i];
        struct name n = resolve(x->protocol, x->side, x->text);
        assert_string_equal(steps(&n, text, sizeof text), x->steps);
        assert_int_equal(n.target, x->target);
    }
}

struct refused {
    const char *protocol;
    uint8_t side;
    const char *text, *says;
};

static const struct refused REFUSED[] = {
    {"ISO15118-2", FROM_EVCC, "Set_SessionStopReq_ChargingSesion",
     "nearest name is Evcc.Set_SessionStopReq_ChargingSession"},
    {"ISO15118-2", FROM_EVCC, "Set_SessionStpReq_ChargingSession",
     "nearest name is Evcc.Set_SessionStopReq_ChargingSession"},
    {"ISO15118-2", FROM_EVCC, "Sett_SessionStopReq_ChargingSession",
     "nearest name is Evcc.Set_SessionStopReq_ChargingSession"},
    {"ISO15118-2", FROM_EVCC, "Send_SessionStop_001",
     "nearest name is Evcc.Send_SessionStopReq_001"},
    {"ISO15118-2", FROM_EVCC, "Set_PreChargeReq_EVTargetVoltage_Valu",
     "nearest name is Evcc.Set_PreChargeReq_EVTargetVoltage_Value"},
    {"ISO15118-2", FROM_EVCC, "Set_PreChargeReq_EVTargetVoltge_Value",
     "nearest name is Evcc.Set_PreChargeReq_EVTargetVoltage_Value"},
    {"ISO15118-2", FROM_EVCC, "Set_PaymentServiceSelectionReq_SelectedServiceList_ServicID",
     "nearest name is Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID"},
    {"ISO15118-2", FROM_EVCC, "Set_SessionStopRes_ResponseCode", "is sent by Secc, not by Evcc"},
    {"ISO15118-2", FROM_SECC, "Receive_SessionStopRes_001", "Secc sends SessionStopRes"},
    {"ISO15118-2", FROM_EVCC, "Send_ContractAuthenticationReq_001", "belongs to DIN70121"},
    {"ISO15118-2", FROM_EVCC, "Set_SessionStopReq", "is not complete"},
    {"ISO15118-2", FROM_EVCC, "Send_SessionStopReq_002",
     "nearest name is Evcc.Send_SessionStopReq"},
    {"ISO15118-2", FROM_EVCC, "Add_SessionStopReq_ChargingSession", "SessionStopReq"},
    {"ISO15118-2", FROM_EVCC, "Foo", "has no function 'Foo'"},
    {"ISO15118-2", FROM_EVCC, "Set_", "is not complete"},
    {"ISO15118-2", FROM_EVCC, "", "has no function"},
};

static void test_refuse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        const struct refused *x = &REFUSED[i];
        struct name_scope scope = scope_of(x->protocol, x->side);
        struct name n;
        struct err e = ERR_INIT;
        assert_int_equal(name_resolve(&scope, x->text, &n, &e), -1);
        if (strstr(e.what, x->says) == NULL)
            fail_msg("%s: expected '%s' in: %s", x->text, x->says, e.what);
    }
}

/* ---- all names ---- */

struct listing {
    const struct name_scope *scope;
    unsigned names;
};

static void same_name(void *context, const struct name_entry *entry)
{
    struct listing *l = context;
    struct name n;
    struct err e = ERR_INIT;
    l->names++;
    if (name_resolve(l->scope, strchr(entry->text, '.') + 1, &n, &e) != 0)
        fail_msg("%s is listed, but: %s", entry->text, e.what);
    const struct name *want = entry->name;
    bool same = n.verb == want->verb && n.target == want->target && n.steps == want->steps &&
                n.lists == want->lists && n.in_header == want->in_header &&
                n.message == want->message && n.field == want->field;
    for (unsigned i = 0; same && i < n.steps; i++)
        same = n.step[i].slot == want->step[i].slot && n.step[i].indexed == want->step[i].indexed;
    if (!same)
        fail_msg("%s means something else than what it is listed for", entry->text);
}

/* Every name that is listed is found again, and means what it is listed for. */
static void test_each(void **state)
{
    (void)state;
    static const char *const PROTOCOL[] = {"DIN70121",
                                           "ISO15118-2",
                                           "ISO15118-20",
                                           "ISO15118-20-AC-DER-IEC",
                                           "ISO15118-20-AC-DER-SAE",
                                           "AppProtocol"};
    for (unsigned p = 0; p < 6; p++) {
        unsigned names = 0;
        for (unsigned k = 0; k < 2; k++) {
            struct name_scope scope = scope_of(PROTOCOL[p], k == 0 ? FROM_EVCC : FROM_SECC);
            struct listing l = {&scope, 0};
            for (unsigned i = 0; scope.protocol->set[i] != NULL; i++) {
                struct err e = ERR_INIT;
                const struct schema *s = library_get(&library, scope.protocol->set[i], &e);
                assert_non_null(s);
                for (unsigned m = 0; m < s->messages; m++)
                    assert_int_equal(
                        name_each(&scope, s->message[m]->as.name, true, same_name, &l, &e), 0);
            }
            names += l.names;
        }
        assert_true(names > (p == 5 ? 40 : 3000));
    }
}

static void keep(void *context, const struct name_entry *entry)
{
    char **all = context;
    size_t n = strlen(*all);
    snprintf(*all + n, 4096 - n, "%s(%s) ", entry->text, entry->parameter);
}

static void test_order(void **state)
{
    (void)state;
    char text[4096] = "", *all = text;
    struct err e = ERR_INIT;
    struct name_scope evcc = scope_of("ISO15118-2", FROM_EVCC);
    assert_int_equal(name_each(&evcc, "SessionStopReq", false, keep, &all, &e), 0);
    assert_string_equal(text, "Evcc.Set_SessionStopReq_ChargingSession(chargingSession) "
                              "Evcc.Get_SessionStopReq_ChargingSession() "
                              "Evcc.Send_SessionStopReq_001() ");
    text[0] = '\0';
    assert_int_equal(name_each(&evcc, "SessionStopRes", false, keep, &all, &e), 0);
    assert_string_equal(text, "Evcc.Receive_SessionStopRes_001() "
                              "Evcc.Expect_SessionStopRes_001() "
                              "Evcc.Check_Received_SessionStopRes() "
                              "Evcc.Get_SessionStopRes_ResponseCode() "
                              "Evcc.Check_SessionStopRes_ResponseCode(responseCode) ");
    assert_int_equal(name_each(&evcc, "Nothing", false, keep, &all, &e), -1);
}

/* Whatever is asked for: an answer, and no reading outside. */
static void test_nonsense(void **state)
{
    (void)state;
    static const char PARTS[][24] = {"Set_",
                                     "Get_",
                                     "_",
                                     "Count",
                                     "Specified",
                                     "001",
                                     "Header_",
                                     "SessionStopReq",
                                     "PreChargeReq",
                                     "EVTargetVoltage",
                                     "Value",
                                     "Check_Received_",
                                     "Exist_",
                                     "\xC3\xA9",
                                     "AC_",
                                     "X"};
    struct name_scope scope = scope_of("ISO15118-2", FROM_EVCC);
    char text[1024];
    unsigned seed = 1;
    for (unsigned i = 0; i < 3000; i++) {
        size_t used = 0;
        for (unsigned k = 0; k < i % 40 && used < 900; k++) {
            seed = seed * 1103515245 + 12345;
            const char *part = PARTS[(seed >> 16) % (sizeof PARTS / sizeof PARTS[0])];
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", part);
        }
        text[used] = '\0';
        struct name n;
        struct err e = ERR_INIT;
        int result = name_resolve(&scope, text, &n, &e);
        assert_true(result == 0 || e.set);
    }
}

static int open_library(void **state)
{
    (void)state;
    library_open(&library);
    return 0;
}

static int close_library(void **state)
{
    (void)state;
    library_close(&library);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),  cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_each),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
