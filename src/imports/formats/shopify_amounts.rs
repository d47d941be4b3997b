//! The arithmetic of one Shopify order from its export's figures: discounts shared out exactly, prices that include tax taken
//! apart, and the refunded amount split into goods, tax and shipping (metrics.md, "Day of a row"). Whole micros throughout.

use crate::money::{allocate, div_half_even};

/// Half a cent and a bit: the export rounds to cents, so equations hold to one.
const CENT: i64 = 10_000;

/// The order's own figures. Subtotal is after discount: Subtotal + Shipping + Taxes + Duties + tips = Total, or without Taxes where
/// prices include them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Amounts {
    pub subtotal: Option<i64>,
    pub shipping: i64,
    pub taxes: i64,
    pub total: Option<i64>,
    /// "Discount Amount".
    pub discount: i64,
    /// Tips and duties: in the total, and in nothing that is sold.
    pub beside: i64,
    pub refunded: i64,
}

/// One line as the export has it.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub quantity: i64,
    pub price: i64,
    /// "Lineitem discount": of the whole line.
    pub discount: i64,
    pub taxable: bool,
    pub gift_card: bool,
}

/// One line without tax. Price × quantity − discount is exactly what was paid for it without tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetLine {
    pub price: i64,
    pub discount: i64,
    pub tax: i64,
}

/// The refunded amount: goods without tax by line (gift cards left out), tax and shipping. What of it stands for tips and duties is in
/// none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSplit {
    pub goods: Vec<i64>,
    pub tax: i64,
    pub shipping: i64,
    /// All of it came back: every unit with it.
    pub whole: bool,
}

/// The order taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub lines: Vec<NetLine>,
    pub shipping: i64,
    pub refund: Option<RefundSplit>,
}

/// Takes an order apart. `None` where the figures do not fit into 64 bits.
pub fn split(order: &Amounts, lines: &[Line]) -> Option<Split> {
    let gross: Vec<i64> = lines.iter().map(|l| l.price.checked_mul(l.quantity)).collect::<Option<_>>()?;
    let all = gross.iter().try_fold(0_i64, |sum, g| sum.checked_add(*g))?;
    let discounts = line_discounts(lines, &gross, goods_discount(order, lines, all));
    let paid: Vec<i64> = gross.iter().zip(&discounts).map(|(g, d)| g - d).collect();
    let goods: i64 = paid.iter().sum();
    let included = taxes_included(order, goods);
    let shipping_tax = share(order.taxes, order.shipping, order.shipping.checked_add(goods)?);
    let taxable: Vec<i64> = lines.iter().zip(&paid).map(|(l, p)| if l.taxable { (*p).max(0) } else { 0 }).collect();
    let weights = if taxable.iter().any(|w| *w > 0) { taxable } else { paid.iter().map(|p| (*p).max(0)).collect() };
    let taxes = allocate(order.taxes - shipping_tax, &weights);
    let net = |i: usize| {
        let (line, tax) = (&lines[i], taxes[i]);
        if !included || paid[i] <= 0 || line.quantity == 0 {
            return NetLine { price: line.price, discount: discounts[i], tax };
        }
        let without = paid[i] - tax.min(paid[i]);
        let net_gross = div_half_even(i128::from(gross[i]) * i128::from(without), i128::from(paid[i]));
        let price = i64::try_from(div_half_even(net_gross, i128::from(line.quantity))).unwrap_or(line.price);
        NetLine { price, discount: price * line.quantity - without, tax }
    };
    let net_lines: Vec<NetLine> = (0..lines.len()).map(net).collect();
    let shipping = if included { order.shipping - shipping_tax } else { order.shipping };
    let refund = (order.refunded > 0).then(|| refund(order, lines, &net_lines, shipping));
    Some(Split { lines: net_lines, shipping, refund })
}

/// What was taken off the goods. The subtotal decides where the discount columns can explain it (they may or may not count the
/// lines' own discounts, and count those on shipping); else the columns do.
fn goods_discount(order: &Amounts, lines: &[Line], gross: i64) -> i64 {
    let own: i64 = lines.iter().map(|l| l.discount).sum();
    let most = own.saturating_add(order.discount);
    match order.subtotal.map(|subtotal| gross - subtotal) {
        Some(off) if (0..=most).contains(&off) => off,
        _ => order.discount.max(own).min(gross.max(0)),
    }
}

/// Each line's own discount and its share of the rest, by value.
fn line_discounts(lines: &[Line], gross: &[i64], goods: i64) -> Vec<i64> {
    let own: Vec<i64> = lines.iter().zip(gross).map(|(l, g)| l.discount.clamp(0, (*g).max(0))).collect();
    let sum: i64 = own.iter().sum();
    if goods == sum {
        return own;
    }
    if sum > goods {
        return allocate(goods, &own);
    }
    // An order-wide code does not pay for gift cards while there is anything else.
    let room = |gift: bool| -> Vec<i64> {
        let rest = lines.iter().zip(gross).zip(&own);
        rest.map(|((l, g), o)| if gift || !l.gift_card { (g - o).max(0) } else { 0 }).collect()
    };
    let bought = room(false);
    let weights = if bought.iter().any(|w| *w > 0) { bought } else { room(true) };
    own.iter().zip(allocate(goods - sum, &weights)).map(|(o, rest)| o + rest).collect()
}

fn taxes_included(order: &Amounts, goods: i64) -> bool {
    let Some(total) = order.total else { return false };
    let subtotal = order.subtotal.unwrap_or(goods);
    let without = subtotal + order.shipping + order.beside;
    order.taxes > CENT && (total - without).abs() <= CENT && (total - without - order.taxes).abs() > CENT
}

fn refund(order: &Amounts, lines: &[Line], net: &[NetLine], shipping: i64) -> RefundSplit {
    let values: Vec<i64> = lines.iter().zip(net).map(|(l, n)| (n.price * l.quantity - n.discount).max(0)).collect();
    let goods: i64 = values.iter().sum();
    let total = order.total.filter(|t| *t > 0).unwrap_or(goods + shipping + order.taxes + order.beside);
    let refunded = order.refunded;
    let goods_back = share(refunded, goods, total);
    let shipping_back = share(refunded, shipping, total);
    let beside_back = share(refunded, order.beside, total);
    let mut parts = if values.is_empty() { Vec::new() } else { allocate(goods_back, &values) };
    for (part, line) in parts.iter_mut().zip(lines) {
        if line.gift_card {
            *part = 0;
        }
    }
    RefundSplit {
        goods: parts,
        tax: refunded - goods_back - shipping_back - beside_back,
        shipping: shipping_back,
        whole: refunded >= total,
    }
}

/// `total` × `part` ÷ `whole`, 0 where there is no whole.
fn share(total: i64, part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    i64::try_from(div_half_even(i128::from(total) * i128::from(part), i128::from(whole))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn line(quantity: i64, price: i64, discount: i64) -> Line {
        Line { quantity, price: price * CENT, discount: discount * CENT, taxable: true, gift_card: false }
    }

    fn amounts(subtotal: i64, shipping: i64, taxes: i64, total: i64, discount: i64, refunded: i64) -> Amounts {
        Amounts {
            subtotal: Some(subtotal * CENT),
            shipping: shipping * CENT,
            taxes: taxes * CENT,
            total: Some(total * CENT),
            discount: discount * CENT,
            beside: 0,
            refunded: refunded * CENT,
        }
    }

    #[test]
    fn the_order_discount_is_shared_exactly() {
        let split =
            split(&amounts(2700, 0, 0, 2700, 300, 0), &[line(1, 1000, 0), line(1, 1000, 0), line(1, 1000, 0)]).unwrap();
        assert_eq!(split.lines.iter().map(|l| l.discount).sum::<i64>(), 300 * CENT);
        assert_eq!(split.refund, None);
    }

    #[test]
    fn line_discounts_count_once_whether_or_not_the_order_column_has_them() {
        let lines = [line(2, 1000, 200), line(1, 500, 0)];
        for order in [amounts(2300, 0, 0, 2300, 200, 0), amounts(2300, 0, 0, 2300, 0, 0)] {
            let split = split(&order, &lines).unwrap();
            assert_eq!((split.lines[0].discount, split.lines[1].discount), (200 * CENT, 0));
        }
        let both = split(&amounts(2000, 0, 0, 2000, 300, 0), &lines).unwrap();
        assert_eq!(both.lines.iter().map(|l| l.discount).sum::<i64>(), 500 * CENT);
        // A free-shipping code counts in "Discount Amount" but takes nothing off the goods.
        let shipping = split(&amounts(2500, 0, 0, 2500, 490, 0), &[line(2, 1000, 0), line(1, 500, 0)]).unwrap();
        assert_eq!(shipping.lines.iter().map(|l| l.discount).sum::<i64>(), 0);
    }

    #[test]
    fn a_refund_is_goods_by_subtotal_over_total() {
        let lines = [line(1, 6000, 0), line(2, 2000, 0)];
        let all = split(&amounts(10000, 490, 800, 11290, 0, 11290), &lines).unwrap().refund.unwrap();
        assert_eq!((all.goods.iter().sum::<i64>(), all.shipping, all.tax), (10000 * CENT, 490 * CENT, 800 * CENT));
        assert!(all.whole);
        let part = split(&amounts(10000, 490, 800, 11290, 0, 1129), &lines).unwrap().refund.unwrap();
        assert_eq!((part.goods.iter().sum::<i64>(), part.shipping, part.tax), (1000 * CENT, 49 * CENT, 80 * CENT));
        assert!(!part.whole);
    }

    #[test]
    fn prices_that_include_tax_are_taken_apart() {
        // 119.00 with 19 % inside and 11.90 shipping: 120 net in all.
        let split = split(&amounts(11900, 1190, 2090, 13090, 0, 13090), &[line(1, 11900, 0)]).unwrap();
        assert_eq!(split.lines[0].price, 10000 * CENT);
        assert_eq!(split.lines[0].tax, 1900 * CENT);
        assert_eq!(split.shipping, 1000 * CENT);
        let refund = split.refund.unwrap();
        assert_eq!((refund.goods[0], refund.shipping, refund.tax), (10000 * CENT, 1000 * CENT, 2090 * CENT));
    }

    #[test]
    fn gift_cards_take_no_code_and_no_refund() {
        let mut card = line(1, 5000, 0);
        (card.gift_card, card.taxable) = (true, false);
        let split = split(&amounts(9000, 0, 0, 9000, 1000, 9000), &[line(1, 5000, 0), card]).unwrap();
        assert_eq!((split.lines[0].discount, split.lines[1].discount), (1000 * CENT, 0));
        let refund = split.refund.unwrap();
        assert_eq!((refund.goods[0], refund.goods[1], refund.tax), (4000 * CENT, 0, 0));
    }

    proptest! {
        #[test]
        fn parts_always_add_up(
            raw in proptest::collection::vec((0_i64..5, 0_i64..100_000, 0_i64..1_000), 1..8),
            order_discount in 0_i64..10_000, shipping in 0_i64..2_000, rate in 0_i64..25, included: bool, refunded in 0_i64..100_000,
        ) {
            let lines: Vec<Line> = raw.iter().map(|(q, p, d)| line(*q, *p, *d)).collect();
            let gross: i64 = lines.iter().map(|l| l.price * l.quantity).sum();
            let subtotal = (gross - (order_discount * CENT).min(gross)).max(0);
            let taxes = (subtotal + shipping * CENT) * rate / 100 / CENT * CENT;
            let total = subtotal + shipping * CENT + if included { 0 } else { taxes };
            let order = Amounts { subtotal: Some(subtotal), shipping: shipping * CENT, taxes, total: Some(total),
                discount: order_discount * CENT, beside: 0, refunded: (refunded * CENT).min(total) };
            let split = split(&order, &lines).unwrap();
            let paid: i64 = split.lines.iter().zip(&lines).map(|(n, l)| n.price * l.quantity - n.discount).sum();
            let tax: i64 = split.lines.iter().map(|n| n.tax).sum();
            if included && taxes > CENT && split.shipping != order.shipping {
                prop_assert_eq!(paid + tax + split.shipping + (taxes - tax), total);
            } else {
                prop_assert_eq!(paid, subtotal + if included && taxes > CENT { paid - subtotal } else { 0 });
            }
            if let Some(refund) = split.refund {
                prop_assert_eq!(refund.goods.iter().sum::<i64>() + refund.tax + refund.shipping, order.refunded);
            }
        }
    }
}
