//! The models against numbers that other packages printed for the same journeys, and against what must hold for any journeys.

use std::io::Read as _;
use std::path::Path as FilePath;

use super::*;

const CHANNELS: [&str; 12] =
    ["alpha", "beta", "delta", "epsilon", "eta", "gamma", "iota", "kappa", "lambda", "mi", "theta", "zeta"];

/// PathData, which is not part of the repository; nothing where it is missing.
fn pathdata() -> Option<Paths> {
    let file = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pathdata.csv.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("gzip");
    let mut paths = Paths::default();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = record.expect("a record");
        let channels = record[0].split(" > ").map(|name| CHANNELS.iter().position(|known| *known == name));
        let number = |at: usize| record[at].parse::<f64>().expect("a number");
        let channels = channels.map(|at| u32::try_from(at.expect("a channel")).expect("few"));
        paths.push(channels, number(1), number(3), number(2));
    }
    Some(paths)
}

/// Conversions and worth by channel.
fn credited(paths: &Paths, rule: Rule) -> (Vec<f64>, Vec<f64>) {
    let mut sums = (vec![0.0; paths.channel_count()], vec![0.0; paths.channel_count()]);
    let mut shares = Vec::new();
    for path in paths.iter() {
        fractions(rule, path.channels, &vec![0.0; path.channels.len()], &mut shares);
        for (channel, share) in path.channels.iter().zip(&shares) {
            sums.0[*channel as usize] += path.conversions * share;
            sums.1[*channel as usize] += path.value * share;
        }
    }
    sums
}

fn assert_close(found: &[f64], wanted: &[f64], within: f64, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= within, "{what} {at}: {found} instead of {wanted}");
    }
}

const POSITION_RULE: Rule = Rule::Position { first: 40.0, middle: 20.0, last: 40.0 };

const FIRST: [f64; 12] = [6308., 2831., 1., 99., 3164., 165., 4606., 74., 902., 2., 1606., 27.];
const LAST: [f64; 12] = [8447., 989., 5., 531., 4167., 92., 3355., 230., 1207., 2., 653., 107.];
const LINEAR: [f64; 12] = [
    7574.7186, 2083.5001, 1.725, 272.1704, 3539.9512, 121.0416, 3857.0962, 137.9641, 1035.2576, 2.2222, 1022.8014,
    136.5515,
];
const POSITION: [f64; 12] = [
    7444.8238, 1969.7662, 2.5867, 301.0502, 3618.7961, 125.2409, 3944.9482, 147.4596, 1046.9039, 2.0571, 1092.7445,
    88.6229,
];
const FIRST_VALUE: [f64; 12] = [
    19121.272356,
    12235.591744,
    6.119,
    412.301243,
    11909.476213,
    718.977992,
    19597.261277,
    305.74325,
    3735.602165,
    5.273,
    6652.349347,
    103.004,
];
const LAST_VALUE: [f64; 12] = [
    28414.214274,
    3850.020987,
    10.972,
    2202.612289,
    16754.2038,
    506.013992,
    13487.974271,
    1069.38425,
    5249.949985,
    5.273,
    2799.091988,
    453.26075,
];
const LINEAR_VALUE: [f64; 12] = [
    24524.709569,
    8954.266717,
    4.40405,
    1106.270065,
    13783.497051,
    569.417358,
    15988.988995,
    599.747786,
    4430.316169,
    6.081444,
    4295.743619,
    539.528763,
];

#[test]
fn pathdata_by_rules() {
    let Some(paths) = pathdata() else { return };
    let (found, value) = credited(&paths, Rule::First);
    assert_close(&found, &FIRST, 1e-9, "first");
    assert_close(&value, &FIRST_VALUE, 1e-6, "first's value");
    let (found, value) = credited(&paths, Rule::Last);
    assert_close(&found, &LAST, 1e-9, "last");
    assert_close(&value, &LAST_VALUE, 1e-6, "last's value");
    let (found, value) = credited(&paths, Rule::Linear);
    assert_close(&found, &LINEAR, 5.01e-5, "linear");
    assert_close(&value, &LINEAR_VALUE, 1e-6, "linear's value");
    assert_close(&credited(&paths, POSITION_RULE).0, &POSITION, 5.01e-5, "position");
    let sums = (paths.totals().0, paths.totals().1);
    assert_eq!(sums.0, 19_785.0);
    assert!((sums.1 - 74_802.971_587).abs() < 1e-6);
}

#[test]
fn pathdata_by_markov() {
    let Some(paths) = pathdata() else { return };
    let orders = [
        [
            5344.94768, 2527.35217, 4.61362, 599.57065, 3340.8474, 171.14544, 3884.6147, 274.36326, 1282.84722,
            1.72242, 1971.91288, 381.06255,
        ],
        [
            5617.45385, 2439.64898, 5.15906, 614.37352, 3391.85816, 171.91818, 3810.51104, 266.02705, 1189.47202,
            2.07319, 1902.47361, 374.03133,
        ],
        [
            5748.09865, 2405.53404, 5.07084, 623.43206, 3396.07065, 178.48281, 3791.02917, 264.23935, 1150.74002,
            2.12677, 1849.81265, 370.363,
        ],
    ];
    for (order, wanted) in orders.iter().enumerate() {
        let effects = markov(&paths, order + 1);
        assert!((effects.probability - 0.223_845_135_6).abs() < 1e-10, "{}", effects.probability);
        let credits: Vec<f64> = effects.shares().iter().map(|share| share * 19_785.0).collect();
        // They are printed with five decimals.
        assert_close(&credits, wanted, 5.5e-6, &format!("order {}", order + 1));
    }
    let removal =
        [0.5584, 0.26404, 0.00048, 0.06264, 0.34903, 0.01788, 0.40584, 0.02866, 0.13402, 0.00018, 0.20601, 0.03981];
    let value = [
        18799.17063,
        9687.80922,
        13.91838,
        2348.65383,
        12991.73667,
        719.23675,
        14978.43729,
        1136.09254,
        5142.7203,
        5.44451,
        7511.04848,
        1468.70301,
    ];
    let effects = markov(&paths, 1);
    assert_close(&effects.conversions, &removal, 5.5e-6, "removal effects");
    let credits: Vec<f64> = effects.value_shares().iter().map(|share| share * 74_802.971_587).collect();
    assert_close(&credits, &value, 5.5e-6, "value");
    // Without the journeys that came to nothing every walk converts.
    let mut converting = Paths::default();
    paths.iter().for_each(|p| {
        converting.push(p.channels.iter().copied().filter(|_| p.conversions > 0.0), p.conversions, 0.0, p.value)
    });
    let no_nulls = markov(&converting, 1);
    assert!((no_nulls.probability - 1.0).abs() < 1e-12);
    assert!((no_nulls.shares()[0] * 19_785.0 - 5260.06956).abs() < 5.5e-6);
    assert!((no_nulls.shares()[10] * 19_785.0 - 1938.84609).abs() < 5.5e-6);
}

#[test]
fn pathdata_by_shapley() {
    let Some(paths) = pathdata() else { return };
    let found = shapley(&paths);
    assert!(found.errors.is_none());
    let sum: f64 = found.conversions.iter().sum();
    assert!((sum - 0.223_845_135_6).abs() < 1e-9, "the worth of all channels together: {sum}");
    assert!((found.shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // Worked out from the definition by another program. Two channels take away more than they add.
    let wanted = [
        1629.78159, 1912.39775, -0.94493, 2328.74073, 1872.08117, 1597.57477, 1593.26143, 1904.71745, 2272.45401,
        2203.2742, 2561.42797, -89.76614,
    ];
    let credits: Vec<f64> = found.shares().iter().map(|share| share * 19_785.0).collect();
    assert_close(&credits, &wanted, 5.5e-6, "shapley");
}

#[test]
fn the_published_small_cases() {
    let mut paths = Paths::default();
    paths.push([0, 1, 2], 1.0, 0.0, 1.0);
    paths.push([0], 0.0, 1.0, 0.0);
    paths.push([1, 2], 0.0, 1.0, 0.0);
    let effects = markov(&paths, 1);
    assert!((effects.probability - 1.0 / 3.0).abs() < 1e-15);
    assert_close(&effects.conversions, &[0.5, 1.0, 1.0], 1e-15, "removal effects");
    assert_close(&effects.shares(), &[0.2, 0.4, 0.4], 1e-15, "shares");
}

/// A game given by the worth of its coalitions, as journeys within them: one that never converts for each channel would do for
/// none, so the worth is a rate of what joins.
#[test]
fn the_glove_game_and_two_channels() {
    // Two left gloves and a right one: 0 and 1 are left, 2 is right. Rates cannot be any worth, so they are built by hand.
    let seen = |journeys: f64, conversions: f64| (journeys, conversions);
    let mut paths = Paths::default();
    // Within {0,1}: nothing converts. With the right glove and a left one: everything that came to be does, at rate 1.
    for (set, (journeys, conversions)) in
        [(vec![0, 2], seen(1.0, 1.0)), (vec![1, 2], seen(1.0, 1.0)), (vec![0, 1, 2], seen(1.0, 1.0))]
    {
        paths.push(set, conversions, journeys - conversions, conversions);
    }
    let found = shapley(&paths);
    assert_close(&found.conversions, &[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0], 1e-12, "gloves");
    // v(A) = 2, v(B) = 1.5, v(AB) = 4, as worth a journey.
    let mut paths = Paths::default();
    paths.push([0], 1.0, 0.0, 2.0);
    paths.push([1], 1.0, 0.0, 1.5);
    paths.push([0, 1], 1.0, 0.0, 8.5);
    assert_close(&shapley(&paths).values, &[2.25, 1.75], 1e-12, "two channels");
}
