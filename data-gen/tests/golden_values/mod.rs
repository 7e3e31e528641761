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
    Golden { config: "wide", index: 0, family: "additive-base", shape: (247, 8, 8), values: [3.910713501612118, -0.025986797825742092, -0.5507229313605116, 0.7170382998140513] },
    Golden { config: "wide", index: 1, family: "link", shape: (12, 1, 1), values: [0.06792420620734152, 0.22148281429911965, 1.4400648868261756, -3.0376952919472435] },
    Golden { config: "wide", index: 3, family: "student-lvm-base", shape: (1335, 3, 3), values: [0.6758110233624066, 0.5179078417964127, 0.001121708909568676, -0.5137474540499269] },
    Golden { config: "wide", index: 4, family: "normal-dense-base", shape: (27, 5, 5), values: [0.20142804189366345, 0.022738308695643916, -2.127059072990506, 0.7529426778954988] },
    Golden { config: "wide", index: 6, family: "independent", shape: (80, 5, 1), values: [0.0, 0.22789288500145755, -0.13446070020968812, -0.8890303927112321] },
    Golden { config: "wide", index: 7, family: "additive-base-rotated", shape: (191, 3, 3), values: [1.0032568089534184, 0.9653214510169246, -0.20039260957429825, 0.7958199015051757] },
    Golden { config: "wide", index: 10, family: "copula-frank-base-rotated", shape: (192, 7, 7), values: [0.1401437653476053, -0.1797308493990434, 0.2550769577771569, 0.0626507168278981] },
    Golden { config: "wide", index: 11, family: "normal-dense-normal_cdf", shape: (374, 9, 12), values: [0.37511808787805323, -0.32936705425770196, 0.40349861435476675, -0.20890966786273413] },
    Golden { config: "wide", index: 12, family: "normal-lvm-wiggly", shape: (320, 3, 3), values: [0.374845407284896, -2.092039619457099, -1.7727364222392707, 0.6702478971209126] },
    Golden { config: "wide", index: 24, family: "student-2pair-asinh-rotated", shape: (84, 15, 1), values: [1.2893305248906834, -1.2717416565665367, -1.0117614059659457, 0.01870531300201045] },
    Golden { config: "wide", index: 25, family: "normal-dense-normal_cdf-rotated", shape: (1129, 3, 3), values: [0.04004305682298568, -0.03987470581405761, 0.7349505258751315, 0.02999097853550464] },
    Golden { config: "wide", index: 29, family: "additive-wiggly-rotated", shape: (103, 1, 1), values: [0.16466195739183243, -1.1770723590400796, -0.7548666957054585, -0.8343872445083128] },
    Golden { config: "wide", index: 36, family: "additive-wiggly", shape: (228, 5, 5), values: [2.6260278865437754, 0.23361070236991574, 0.7908579622637054, -0.04941400961395363] },
    Golden { config: "wide", index: 44, family: "copula-frank-halfcube-rotated", shape: (241, 4, 4), values: [1.2247246371863802, 0.025546990362912914, -0.9021973803530272, -0.6931656682977778] },
    Golden { config: "wide", index: 49, family: "normal-dense-base-rotated", shape: (283, 7, 7), values: [0.01236639736566775, -0.5426275557508788, 1.1435157261472255, 0.6741235186256465] },
    Golden { config: "wide", index: 54, family: "normal-lvm-wiggly-rotated", shape: (67, 9, 3), values: [0.7449788938718046, -1.6336664603831474, -0.393610588317572, 0.723708559163906] },
    Golden { config: "wide", index: 59, family: "copula-frank-base", shape: (355, 1, 1), values: [0.03501683953081697, 0.8669121119169203, 0.8913031427873477, -0.5417429748572244] },
    Golden { config: "wide", index: 63, family: "normal-lvm-base-rotated", shape: (433, 8, 8), values: [0.2501348410790425, 0.1424877671504426, -1.0683343537341792, 1.504215290742449] },
    Golden { config: "wide", index: 66, family: "normal-lvm-base", shape: (238, 5, 5), values: [0.16337263106009473, 0.15016317155533243, -0.575370692498674, -1.0223952809625456] },
    Golden { config: "wide", index: 68, family: "normal-sparse-halfcube", shape: (207, 7, 7), values: [0.07066744872583879, 0.21525497346145173, 1.2825202890880543, -0.826327959275466] },
    Golden { config: "wide", index: 111, family: "copula-frank-halfcube", shape: (54, 4, 4), values: [1.179642016681944, 0.14243501945842477, -0.2936661424955804, -0.5859888737077794] },
];
