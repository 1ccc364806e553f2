/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the Lua API: found against the descriptions, listed from them, and what errors say. */
#include "names/name.h"

#include "codec/message.h"
#include "codec/xml.h"
#include "names/place.h"
#include "one_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct name_scope scope_of(const char *protocol, uint8_t side)
{
    /* of a set of our own, which has what those of the standards leave out */
    static const struct protocol KINDS = {"Kinds", "Kinds", "Kinds", {"kinds"}, {NULL}, 1, 0};
    return (struct name_scope){
        &library, strcmp(protocol, "Kinds") == 0 ? &KINDS : protocol_find(protocol), side};
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
    {"Kinds", FROM_EVCC, "Set_Numbers_Big", "Big[]", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Add_Numbers_Big", "Big[]", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Numbers_Big_Count", "Big", NAME_COUNT},
    {"Kinds", FROM_EVCC, "Set_Numbers_BigSpecified", "Big", NAME_SPECIFIED},
    {"Kinds", FROM_EVCC, "Set_Listed_Only", "Only/Big[]", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Children_Named", "Named[]/content", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Children_Named_Id", "Named[]/@Id", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Children_Leaf", "Leaf[]", NAME_NODE},
    {"Kinds", FROM_EVCC, "Set_Children_Tail_B", "Tail/B", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Single_Level", "@Level", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Open_Level", "@Level", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Open_Flag", "Flag", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Open_Flag_Count", "Flag", NAME_COUNT},
    {"Kinds", FROM_SECC, "Set_Closed_Leaf_On", "Leaf/On", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Wild_AfterSpecified", "After", NAME_SPECIFIED},
    {"Kinds", FROM_EVCC, "Set_Defaults_Kept_Level", "Kept/Level", NAME_QUANTITY},
    {"Kinds", FROM_EVCC, "Get_Defaults_Kept_Level_Exponent", "Kept/Level/Exponent", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Defaults_Kept_Twos_Tint", "Kept/Twos[]/Tint", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Listed_Tally_Count", "Tally/Count", NAME_LEAF},
    {"Kinds", FROM_EVCC, "Set_Listed_Tally", "Tally", NAME_NODE},
    {"Kinds", FROM_EVCC, "Set_Listed_Tallies_Count", "Tallies[]/Count", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Two_Sided", "Sided", NAME_LEAF},
    {"Kinds", FROM_SECC, "Set_Two_Sided_Flag", "Flag", NAME_LEAF},
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
    {"Kinds", FROM_EVCC, "Set_Open_Level", "Open is sent by Secc, not by Evcc"},
    {"Kinds", FROM_SECC, "Set_Open_Level_Count", "Open"},
    {"Kinds", FROM_SECC, "Set_Children_Leaf_On", "Children is sent by Evcc, not by Secc"},
    {"Kinds", FROM_EVCC, "Set_Children_Head_A", "Children has no element 'Head_A'"},
    {"Kinds", FROM_EVCC, "Set_Numbers_Big_Specifie", "Big"},
    {"Kinds", FROM_EVCC, "Add_Numbers_Big_Count", "Big"},
    {"Kinds", FROM_EVCC, "Add_Numbers_BigSpecified", "Big"},
    {"Kinds", FROM_EVCC, "Add_Single_Pair", "Pair"},
    {"Kinds", FROM_SECC, "Exist_Single_Pair", "Pair"},
    {"Kinds", FROM_SECC, "Exist_Numbers_Signed_Count", "Signed"},
    {"Kinds", FROM_EVCC, "Set_Word_x", "Word"},
    {"Kinds", FROM_EVCC, "Set_Two_Sided", "Two is sent by Secc, not by Evcc"},
    {"Kinds", FROM_EVCC, "Set_Two_Sided_Way", "Two_Sided has no element 'Way'"},
    {"Kinds", FROM_EVCC, "Add_Listed_Only_Count", "Only"},
    {"Kinds", FROM_EVCC, "Set_Listed_Only_x", "Only"},
    {"Kinds", FROM_EVCC, "Set_Nest_N_N_N_N_N_N_N_N_N_N_N_N_N_N_N_N_N_N_Leaf_On", "Nest"},
    {"Kinds", FROM_EVCC,
     "Send_AMessageWhoseNameIsLongerThanThatOfAnyMessageOfAnyStandardCouldEverBe_001",
     "Kinds has no message 'AMessageWhoseNameIsLonger"},
    {"Kinds", FROM_EVCC,
     "Set_Children_Deep_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_Down_"
     "Down_Leaf_On",
     "Down"},
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

/* ---- places ---- */

/* A document, what is made or cut at a place, and what stands there then; or why not. */
static void test_places(void **state)
{
    enum { MAKE = -1, REMOVE = -2 };
    static const char OPEN[] =
        "<Open xmlns='urn:one'>a<Flag>true</Flag><Big>1</Big><Flag>false</Flag></Open>";
    static const char LISTED[] =
        "<Listed xmlns='urn:one'><Only><Big>1</Big><Big>2</Big></Only></Listed>";
    static const struct {
        const char *xml, *name;
        int count; /* of entries, or what else is done */
        uint32_t index, had;
        const char *then; /* of the XML, or of an error */
    } CASES[] = {
        {OPEN, "Set_Open_Flag", 1, 0, 2, ">a<Flag>true</Flag><Big>1</Big></Open>"},
        {OPEN, "Set_Open_Flag", 0, 0, 2, ">a<Big>1</Big></Open>"},
        {OPEN, "Set_Open_Flag", 3, 0, 2, "<Flag>false</Flag><Flag>false</Flag></Open>"},
        {OPEN, "Set_Open_Flag", 65537, 0, 2, "Flag cannot have 65537 entries; expected 0..65536"},
        {OPEN, "Set_Open_Flag", REMOVE, 0, 2, ">a<Big>1</Big></Open>"},
        {OPEN, "Set_Open_Signed", MAKE, 0, 0, "<Flag>false</Flag><Signed>0</Signed></Open>"},
        {OPEN, "Set_Open_Level", MAKE, 0, 0, " Level=\"0\">a<Flag>"},
        {OPEN, "Set_Open_Level", 2, 0, 0,
         "Level cannot have 2 entries; expected 0..1 (index 0..0)"},
        {LISTED, "Set_Listed_Only", MAKE, 0, 2, "<Only><Big>1</Big><Big>2</Big></Only>"},
        {LISTED, "Set_Listed_Only", MAKE, 2, 2, "<Big>2</Big><Big>0</Big></Only>"},
        {LISTED, "Set_Listed_Only", MAKE, 3, 2,
         "Big cannot have 4 entries; expected 2..3 (index 0..2)"},
        {LISTED, "Set_Listed_Only", 1, 0, 2, "Big cannot have 1 entries; expected 2..3"},
        {LISTED, "Set_Listed_Only", 2, 0, 2, "<Only><Big>1</Big><Big>2</Big></Only>"},
        {LISTED, "Set_Listed_Only", 3, 0, 2, "<Big>2</Big><Big>0</Big></Only>"},
        {LISTED, "Set_Listed_Only", 0, 0, 2, "Big cannot have 0 entries; expected 2..3"},
        {LISTED, "Set_Listed_Only", REMOVE, 0, 2, "<Only/>"},
        {"<Listed xmlns='urn:one'><Only/></Listed>", "Set_Listed_Only", MAKE, 0, 0,
         "<Only><Big>0</Big><Big>0</Big></Only>"},
        {"<Listed xmlns='urn:one'/>", "Set_Listed_Tallies_Count", MAKE, 1, 0,
         "<Tallies><Count>0</Count></Tallies><Tallies><Count>0</Count></Tallies></Listed>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_open = strstr(CASES[i].name, "Open") != NULL;
        struct name n = resolve("Kinds", is_open ? FROM_SECC : FROM_EVCC, CASES[i].name);
        struct err e = ERR_INIT;
        struct arena a;
        struct message m;
        struct place p;
        struct buf text = {0};
        arena_open(&a, NULL, 0, 4u << 20);
        assert_int_equal(xml_read(n.set, CASES[i].xml, strlen(CASES[i].xml), false, &a, &m, &e), 0);
        struct node *base = place_base(&n, &m);
        if (place_find(&n, n.steps, base, &CASES[i].index, &p)) {
            assert_int_equal(place_count(&p), CASES[i].had);
            assert_int_equal(place_is_list(&p), n.step[n.steps - 1].indexed || CASES[i].had > 1);
        }
        if (CASES[i].count >= 0)
            place_resize(&p, (uint32_t)CASES[i].count, &a, &e);
        else if (CASES[i].count == REMOVE)
            place_remove(&p);
        else if (place_make(&n, n.steps, base, &CASES[i].index, &a, &p, &e) == 0)
            assert_non_null(place_value(&p));
        xml_print(&m, XML_COMPACT, &text);
        if (strstr(e.set ? e.what : buf_string(&text), CASES[i].then) == NULL)
            fail_msg("%s, %s\n%s%s\nexpected %s", CASES[i].xml, CASES[i].name, buf_string(&text),
                     e.what, CASES[i].then);
        buf_close(&text);
        arena_close(&a);
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
                                           "AppProtocol",
                                           "Kinds"};
    for (unsigned p = 0; p < 7; p++) {
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
        assert_true(names > (p >= 5 ? 40 : 3000));
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

static int open_kinds(void **state)
{
    struct err e = ERR_INIT;
    open_library(state);
    return library_add_file(&library, "tests/data/kinds.schema", &e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve), cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_places),  cmocka_unit_test(test_each),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, open_kinds, close_library);
}
