-- SLAC where nothing is connected: what is sent is printed, nothing comes, and keys are those of
-- HomePlug AV.

assert(Evcc.Slac() == nil and Evcc.Slac { interface = 'ev0' } == nil)
Evcc.Slac_Send(Evcc.Message('CM_SLAC_PARM_REQ'))
Evcc.Slac_Send(Evcc.Message('CM_SLAC_PARM_REQ'), '020000000102', '020000000101')
Evcc.Slac_Send_Raw(('\0'):rep(60))
assert(Evcc.Slac_Receive(5) == nil and Evcc.Slac_Receive() == nil)
assert(Evcc.Slac_Has('ev0') == false and Evcc.Slac_Other_End('ev0') == nil)

-- those of the password that modems of HomePlug AV are shipped with
local nmk <const> = Evcc.Slac_Nmk('HomePlugAV')
assert(nmk == '50D3E4933F855B7040784DF815AA8DB7' and Evcc.Slac_Nid(nmk) == 'B0F2E695666B03')
Evcc.Pilot_Told('B1')
