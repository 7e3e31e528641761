//! The table of `golden.rs`, printed by its `print_golden_values`.

/// One draw of the split `train` under root seed 42.
pub struct Golden {
    /// Name of the configuration.
    pub config: &'static str,
    pub index: u64,
    pub family: &'static str,
    /// n, `dim_x`, `dim_y`.
    pub shape: (usize, usize, usize),
    /// MI in nats, first value of the first row of X, last of the last row of X, of Y.
    pub values: [f64; 4],
}

#[rustfmt::skip]
pub const GOLDEN: &[Golden] = &[
    Golden { config: "m_train", index: 0, family: "student-2pair-asinh", shape: (247, 32, 32), values: [2.3511290451717173, -0.5685504643676983, -0.9905615249434978, 0.11672860322316925] },
    Golden { config: "m_train", index: 1, family: "normal-sparse-wiggly", shape: (262, 23, 23), values: [5.71071866195984, 1.3922100212869293, 0.723239646058271, -0.14461825611999043] },
    Golden { config: "m_train", index: 2, family: "normal-dense-asinh", shape: (469, 16, 16), values: [0.3032186121403165, 0.49523766486290394, 0.72183267830309, 1.2419616798651538] },
    Golden { config: "m_train", index: 3, family: "student-sparse-base", shape: (19, 9, 9), values: [1.3111382276889962, -0.6235010131110805, -1.3711488744130576, -1.3479901176632836] },
    Golden { config: "m_train", index: 4, family: "normal-lvm-wiggly", shape: (27, 19, 19), values: [0.04016627934523631, 1.658598848155129, -0.5242946796370743, -0.9344840046533178] },
    Golden { config: "m_train", index: 6, family: "normal-dense-base", shape: (35, 30, 30), values: [0.2936894402585023, -0.43306334312414096, 1.1257407352047586, 1.0342482002145401] },
    Golden { config: "m_train", index: 8, family: "normal-dense-halfcube", shape: (305, 19, 19), values: [1.0947882302593293, 0.2618400407761382, 0.14590432860609717, 0.6578199323980594] },
    Golden { config: "m_train", index: 10, family: "additive-wiggly", shape: (192, 26, 26), values: [10.546287836390558, 0.3080455115811787, 0.395642603477807, -0.2663454233874153] },
    Golden { config: "m_train", index: 11, family: "normal-2pair-base", shape: (440, 27, 27), values: [1.7485421141960233, 0.6513029935492101, -0.0974677236320834, 0.298102984244151] },
    Golden { config: "m_train", index: 12, family: "student-dense-wiggly", shape: (373, 10, 10), values: [0.7318978978544521, 0.34999204019982877, -0.9121529526780962, -0.005114540249265449] },
    Golden { config: "m_train", index: 22, family: "student-dense-base", shape: (228, 10, 10), values: [0.32560473454046246, 0.9576386871300159, 0.46286806408907705, 2.0095822607760656] },
    Golden { config: "m_train", index: 23, family: "normal-lvm-base", shape: (118, 18, 18), values: [2.542176207502265, 0.4471578973548463, -0.7392851528790049, 0.30934669577830964] },
    Golden { config: "m_train", index: 29, family: "student-2pair-halfcube", shape: (24, 30, 30), values: [1.8308304453470612, 2.4436682553362052, -0.6512509402534283, -0.18703092339886407] },
    Golden { config: "m_train", index: 32, family: "normal-sparse-base", shape: (340, 30, 30), values: [7.165093048483427, 1.4335243985727428, 0.5788173273653783, 0.16982446111394814] },
    Golden { config: "m_train", index: 55, family: "student-sparse-asinh", shape: (267, 16, 16), values: [1.0158721320610553, -0.37007369351225183, -1.4000653039860873, -1.3551721030650987] },
    Golden { config: "m_train", index: 63, family: "student-sparse-halfcube", shape: (433, 30, 30), values: [7.351901907158137, -0.7839790438330195, -0.14080015843962373, 0.735353915610235] },
    Golden { config: "wide", index: 0, family: "student-lvm-base", shape: (247, 8, 8), values: [0.7916444434304566, -1.2349585635671587, 0.17344740275168952, -1.4023310347932547] },
    Golden { config: "wide", index: 1, family: "link", shape: (12, 1, 1), values: [0.06792420620734152, 0.22148281429911965, 1.4400648868261756, -3.0376952919472435] },
    Golden { config: "wide", index: 3, family: "student-2pair-asinh-rotated", shape: (1335, 3, 3), values: [0.3019068171112256, 0.021189768400356388, -0.5684418571115148, 0.19819000890483357] },
    Golden { config: "wide", index: 5, family: "normal-dense-base", shape: (621, 7, 7), values: [0.5611243849075644, 1.1323023994655241, -1.4049094439554601, -0.4540759843258039] },
    Golden { config: "wide", index: 6, family: "independent", shape: (80, 5, 1), values: [0.0, 0.22789288500145755, -0.13446070020968812, -0.8890303927112321] },
    Golden { config: "wide", index: 7, family: "additive-base", shape: (191, 3, 3), values: [1.0032568089534184, 0.5747031415705552, 0.6132938798055644, 1.0531915024513996] },
    Golden { config: "wide", index: 10, family: "additive-wiggly", shape: (192, 7, 7), values: [2.926149911464205, -0.1967932000824947, 0.8304716532937053, -1.3778059286443936] },
    Golden { config: "wide", index: 11, family: "normal-dense-normal_cdf", shape: (374, 9, 12), values: [0.37511808787805323, -0.32936705425770196, 0.40349861435476675, -0.20890966786273413] },
    Golden { config: "wide", index: 12, family: "normal-sparse-halfcube", shape: (320, 3, 3), values: [0.09061968210764038, -1.7533862316649378, -0.15438968793476085, 0.6490471759150517] },
    Golden { config: "wide", index: 23, family: "normal-dense-base-rotated", shape: (32, 5, 5), values: [0.3017258194072357, -0.33983487832315473, 0.47686166628908333, 1.0383577155236883] },
    Golden { config: "wide", index: 24, family: "normal-lvm-base-rotated", shape: (84, 15, 1), values: [0.5442507270449772, -1.6629424199576328, 0.6315598366415385, -1.040599739172223] },
    Golden { config: "wide", index: 37, family: "additive-base-rotated", shape: (304, 7, 7), values: [4.167932133998311, -0.8064135885812331, -0.7054681050199041, -0.7874418758122105] },
    Golden { config: "wide", index: 44, family: "additive-wiggly-rotated", shape: (241, 4, 4), values: [2.6926368121050506, 0.3355701608724494, -0.9909593901009642, 0.23895753400090025] },
    Golden { config: "wide", index: 54, family: "normal-lvm-wiggly", shape: (67, 9, 3), values: [0.7449788938718046, -0.36363358127330114, 2.3581964605663686, 0.005140928911928199] },
    Golden { config: "wide", index: 63, family: "normal-lvm-base", shape: (433, 8, 8), values: [0.2501348410790425, 1.9165419616823254, -0.2601633972951589, 0.20254176264595392] },
    Golden { config: "wide", index: 72, family: "normal-lvm-wiggly-rotated", shape: (1404, 2, 2), values: [0.4863049028511213, -1.8709307973001648, 0.8371476569313032, 0.2759356609821526] },
    Golden { config: "wide", index: 77, family: "normal-dense-normal_cdf-rotated", shape: (101, 5, 1), values: [0.0064903823184315704, -0.34105103245572344, -0.4811286916828227, -0.7375617921578462] },
];
