//! What must hold for any journeys at all.

use proptest::prelude::*;

use super::*;

type Group = (Vec<u32>, u8, u8, u16);

fn groups(channels: u32, longest: usize) -> impl Strategy<Value = Vec<Group>> {
    let touches = prop::collection::vec(0..channels, 1..=longest);
    prop::collection::vec((touches, 0_u8..4, 0_u8..4, 0_u16..500), 1..12)
}

/// With at least one conversion.
fn paths(groups: &[Group]) -> Paths {
    let mut paths = Paths::default();
    for (channels, conversions, nulls, value) in groups {
        let value = if *conversions == 0 { 0.0 } else { f64::from(*value) };
        paths.push(channels.iter().copied(), f64::from(*conversions), f64::from(*nulls), value);
    }
    paths.push([0], 1.0, 0.0, 1.0);
    paths
}

/// How likely a walk converts, and converts having been in a state with `channel`: by following it step by step, equal states in
/// a row kept as loops. States are windows of `order` touches.
fn walked(paths: &Paths, order: usize, channel: u32) -> (f64, f64) {
    let mut windows: Vec<&[u32]> = Vec::new();
    let mut seen: Vec<(usize, Option<usize>, f64, f64)> = Vec::new();
    let mut starts = Vec::new();
    for path in paths.iter() {
        let mut before: Option<usize> = None;
        for window in path.channels.windows(order.min(path.channels.len())) {
            let at = windows.iter().position(|w| *w == window).unwrap_or_else(|| {
                windows.push(window);
                windows.len() - 1
            });
            match before {
                None => starts.push((at, path.conversions + path.nulls)),
                Some(from) => seen.push((from, Some(at), path.conversions + path.nulls, 0.0)),
            }
            before = Some(at);
        }
        if let Some(last) = before {
            seen.push((last, None, path.conversions + path.nulls, path.conversions));
        }
    }
    let count = windows.len();
    let mut leaves = vec![0.0; count];
    seen.iter().for_each(|(from, _, journeys, _)| leaves[*from] += journeys);
    let all: f64 = starts.iter().map(|(_, journeys)| journeys).sum();
    let holds = |at: usize| usize::from(windows[at].contains(&channel));
    let mut mass = vec![[0.0; 2]; count];
    starts.iter().for_each(|(at, journeys)| mass[*at][holds(*at)] += journeys / all);
    let (mut converts, mut visited) = (0.0, 0.0);
    for _ in 0..4_000 {
        let mut next = vec![[0.0; 2]; count];
        for (from, to, journeys, conversions) in &seen {
            for (flag, here) in mass[*from].iter().enumerate() {
                match to {
                    Some(to) => next[*to][flag.max(holds(*to))] += here * journeys / leaves[*from],
                    None => {
                        converts += here * conversions / leaves[*from];
                        visited += if flag == 1 { here * conversions / leaves[*from] } else { 0.0 };
                    }
                }
            }
        }
        mass = next;
    }
    (converts, visited)
}

/// Removal effects of an order-1 chain by the book: (I − Q) x = r with everything in it, loops too, solved with pivots.
fn by_the_book(paths: &Paths) -> Vec<f64> {
    let count = paths.channel_count();
    let (mut starts, mut leads, mut all) = (vec![0.0; count], vec![vec![0.0; count + 1]; count], vec![0.0; count]);
    for path in paths.iter() {
        let journeys = path.conversions + path.nulls;
        starts[path.channels[0] as usize] += journeys;
        for pair in path.channels.windows(2) {
            leads[pair[0] as usize][pair[1] as usize] += journeys;
        }
        leads[path.channels[path.channels.len() - 1] as usize][count] += path.conversions;
        path.channels.iter().for_each(|channel| all[*channel as usize] += journeys);
    }
    let converts = |gone: Option<usize>| -> f64 {
        let stays = |channel: usize| Some(channel) != gone && all[channel] > 0.0;
        let cell = |from: usize, to: usize| match to == count {
            true if stays(from) => leads[from][to] / all[from],
            true => 0.0,
            false => {
                let likely = if stays(from) && stays(to) { leads[from][to] / all[from] } else { 0.0 };
                f64::from(u8::from(from == to)) - likely
            }
        };
        let mut rows: Vec<Vec<f64>> = (0..count).map(|from| (0..=count).map(|to| cell(from, to)).collect()).collect();
        for at in 0..count {
            let size = |row: &usize| rows[*row][at].abs();
            let pivot = (at..count).max_by(|a, b| size(a).total_cmp(&size(b))).expect("a row");
            rows.swap(at, pivot);
            let row: Vec<f64> = rows[at].iter().map(|cell| cell / rows[at][at]).collect();
            for (_, other) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
                let times = other[at];
                other.iter_mut().zip(&row).for_each(|(cell, part)| *cell -= times * part);
            }
            rows[at] = row;
        }
        starts.iter().zip(&rows).map(|(starts, row)| starts * row[count]).sum()
    };
    let whole = converts(None);
    (0..count).map(|channel| 1.0 - converts(Some(channel)) / whole).collect()
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|k| k as f64).product()
}

/// The definition, coalition by coalition.
fn by_definition(paths: &Paths, count: usize) -> Vec<f64> {
    let rate = |coalition: usize| {
        let within = |p: &Path| p.channels.iter().all(|c| coalition >> c & 1 == 1);
        let (won, all) = paths
            .iter()
            .filter(within)
            .fold((0.0, 0.0), |(won, all), p| (won + p.conversions, all + p.conversions + p.nulls));
        if all == 0.0 { 0.0 } else { won / all }
    };
    let mut values = vec![0.0; count];
    for (channel, value) in values.iter_mut().enumerate() {
        for coalition in (0..1_usize << count).filter(|s| s >> channel & 1 == 0) {
            let size = coalition.count_ones() as usize;
            let weight = factorial(size) * factorial(count - size - 1) / factorial(count);
            *value += weight * (rate(coalition | 1 << channel) - rate(coalition));
        }
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markov_converts_as_often_as_the_journeys_did_at_every_order(groups in groups(5, 7)) {
        let paths = paths(&groups);
        let journeys: f64 = paths.iter().map(|p| p.conversions + p.nulls).sum();
        for order in 1..=3 {
            let effects = markov(&paths, order);
            prop_assert!((effects.probability - paths.totals().0 / journeys).abs() < 1e-12);
            prop_assert!((effects.shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!((effects.value_shares().iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(effects.conversions.iter().all(|e| (-1e-12..=1.0 + 1e-12).contains(e)));
        }
    }

    #[test]
    fn markov_of_order_1_is_the_chain_by_the_book(groups in groups(8, 9)) {
        let paths = paths(&groups);
        for (found, wanted) in markov(&paths, 1).conversions.iter().zip(by_the_book(&paths)) {
            prop_assert!((found - wanted).abs() < 1e-9, "{} instead of {}", found, wanted);
        }
    }

    #[test]
    fn a_removal_effect_is_the_chance_of_a_visit_given_a_conversion_loops_kept_or_not(groups in groups(4, 5)) {
        let paths = paths(&groups);
        for order in 1..=2 {
            let effects = markov(&paths, order);
            for channel in 0..paths.channel_count() {
                let (converts, visited) = walked(&paths, order, u32::try_from(channel).expect("few"));
                prop_assert!((effects.conversions[channel] - visited / converts).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn at_the_length_of_the_longest_journey_the_effect_is_the_share_that_holds_the_channel(groups in groups(5, 3)) {
        let paths = paths(&groups);
        let effects = markov(&paths, 3);
        for channel in 0..paths.channel_count() {
            let holds = |p: &Path| p.channels.contains(&u32::try_from(channel).expect("few"));
            let held: f64 = paths.iter().filter(holds).map(|p| p.conversions).sum();
            prop_assert!((effects.conversions[channel] - held / paths.totals().0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_channel_in_every_converting_journey_has_the_effect_1(groups in groups(4, 5)) {
        let mut with = Paths::default();
        for (channels, conversions, nulls, value) in &groups {
            with.push(channels.iter().copied().chain([4]), f64::from(*conversions), 0.0, f64::from(*value));
            with.push(channels.iter().copied(), 0.0, f64::from(*nulls), 0.0);
        }
        with.push([4], 1.0, 0.0, 1.0);
        for order in 1..=3 {
            prop_assert!((markov(&with, order).conversions[4] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn shapley_is_its_definition_and_efficient(groups in groups(5, 6)) {
        let paths = paths(&groups);
        let (found, count) = (shapley(&paths), paths.channel_count());
        let wanted = by_definition(&paths, count);
        for (found, wanted) in found.conversions.iter().zip(&wanted) {
            prop_assert!((found - wanted).abs() < 1e-12, "{} {}", found, wanted);
        }
        prop_assert!((found.shares().iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rules_share_out_everything_in_whole_parts(
        channels in prop::collection::vec(0_u32..4, 1..40), hours in prop::collection::vec(0.0_f64..20_000.0, 40),
        weights in (0_u8..100, 0_u8..100, 0_u8..100), half_life in 1.0_f64..1_000.0,
    ) {
        let (first, middle, last) = (f64::from(weights.0), f64::from(weights.1), f64::from(weights.2));
        let (mut parts, mut whole_parts) = (Vec::new(), Vec::new());
        for rule in [
            Rule::First, Rule::Last, Rule::LastNonDirect { direct: Some(2) }, Rule::Linear,
            Rule::TimeDecay { half_life_hours: half_life }, Rule::Position { first, middle, last },
        ] {
            fractions(rule, &channels, &hours[..channels.len()], &mut parts);
            prop_assert!((parts.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            whole(&parts, &mut whole_parts);
            prop_assert_eq!(whole_parts.iter().sum::<i64>(), SCALE);
            prop_assert!(whole_parts.iter().all(|part| (0..=SCALE).contains(part)));
        }
    }
}

#[test]
fn drawn_coalitions_come_close_to_all_of_them_by_their_own_error() {
    // 18 channels: too many to look at every coalition; the first 16 alone are few enough.
    let (mut few, mut many) = (Paths::default(), Paths::default());
    for at in 0..2_000_u32 {
        let channels: Vec<u32> = (0..16).filter(|c| (at * 7 + c * c * 13) % 11 < 2).collect();
        let converts = if (at * 31 + channels.len() as u32).is_multiple_of(5) { 1.0 } else { 0.0 };
        few.push(channels.iter().copied(), converts, 1.0 - converts, converts);
        many.push(channels.iter().copied(), converts, 1.0 - converts, converts);
    }
    // Two channels that only ever stand alone and never convert hardly move the others' order, but force drawing.
    many.push([16], 0.0, 1.0, 0.0);
    many.push([17], 0.0, 1.0, 0.0);
    let (exact, drawn) = (shapley(&few), shapley(&many));
    let errors = drawn.errors.clone().expect("drawn");
    assert!(exact.errors.is_none() && errors.iter().any(|error| *error > 0.0));
    for (channel, error) in errors.iter().enumerate().take(16) {
        let away = (drawn.conversions[channel] - exact.conversions[channel]).abs();
        assert!(away < 6.0 * error + 1e-3, "{channel}: {away} with an error of {error}");
    }
    assert_eq!(drawn, shapley(&many), "the same draws each time");
    let rate = many.totals().0 / many.iter().map(|p| p.conversions + p.nulls).sum::<f64>();
    assert!((drawn.conversions.iter().sum::<f64>() - rate).abs() < 1e-9);
}

#[test]
fn large_chains_are_swept_to_what_elimination_finds() {
    let mix = |at: u32| {
        let mixed = at.wrapping_mul(2_654_435_761);
        (mixed ^ mixed >> 15).wrapping_mul(2_246_822_519) >> 20
    };
    let mut paths = Paths::default();
    for at in 0..3_000_u32 {
        let channels = (0..2 + at % 9).map(|step| mix(at * 9 + step) % 13);
        paths.push(channels, f64::from(at % 3), f64::from(at % 4), f64::from(at % 3) * f64::from(at % 17));
    }
    let (chain, held) = markov::chain_of(&paths, 3);
    assert!(held.len() > 400, "{} states", held.len());
    for channel in 0..13_u32 {
        let gone: Vec<bool> = held.iter().map(|window| window.contains(&channel)).collect();
        let (eliminated, swept) = chain.both_ways(&gone);
        assert!((eliminated.probability - swept.probability).abs() < 1e-12, "{channel}");
        assert!((eliminated.value - swept.value).abs() < 1e-10, "{channel}");
    }
}

#[test]
fn ten_thousand_touches_and_none() {
    let mut paths = Paths::default();
    paths.push((0..10_000).map(|at| at % 2), 1.0, 0.0, 5.0);
    paths.push([1, 0], 0.0, 3.0, 0.0);
    paths.push([], 4.0, 0.0, 1.0);
    let effects = markov(&paths, 1);
    assert!((effects.probability - 0.25).abs() < 1e-12, "the journey without a touch is not counted");
    assert!((effects.conversions[1] - 1.0).abs() < 1e-9);
    let (mut parts, mut whole_parts) = (Vec::new(), Vec::new());
    fractions(Rule::Linear, &vec![0; 10_000], &[], &mut parts);
    whole(&parts, &mut whole_parts);
    assert_eq!(whole_parts.iter().sum::<i64>(), SCALE);
    fractions(Rule::Linear, &[], &[], &mut parts);
    assert!(parts.is_empty());
    let empty = Paths::default();
    assert_eq!(markov(&empty, 2).shares(), Vec::<f64>::new());
    assert_eq!(shapley(&empty).shares(), Vec::<f64>::new());
}

#[test]
fn two_touches_and_uneven_ends() {
    let mut parts = Vec::new();
    fractions(Rule::Position { first: 60.0, middle: 20.0, last: 20.0 }, &[0, 1], &[], &mut parts);
    assert_eq!(parts, [0.7, 0.3]);
    fractions(Rule::LastNonDirect { direct: Some(9) }, &[9, 9], &[], &mut parts);
    assert_eq!(parts, [0.0, 1.0], "where all are direct, direct keeps it");
    fractions(Rule::TimeDecay { half_life_hours: 168.0 }, &[0, 1], &[168.0, 0.0], &mut parts);
    assert!((parts[0] - 1.0 / 3.0).abs() < 1e-15);
    fractions(Rule::TimeDecay { half_life_hours: 1.0 }, &[0, 1], &[100_000.0, 99_999.0], &mut parts);
    assert!((parts[1] - 2.0 / 3.0).abs() < 1e-12, "long ago is not nothing");
}
