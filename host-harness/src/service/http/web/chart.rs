//! Charts of days, one after the other: where each bar and point stands.
//!
//! What a chart shows stands in a table beside it as well; so a chart needs neither numbers nor links of its own.

use std::fmt;

/// Size of a chart in tenths of a unit.
pub(super) const WIDTH: u64 = 8_000;
/// The most that a bar is wide.
const WIDEST: u64 = 400;
/// What a piece is high at least: what is there can be seen.
const LOWEST: u64 = 30;

/// A length in tenths of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenths(pub(super) u64);

/// A piece of a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: Tenths,
    pub(super) y: Tenths,
    pub(super) width: Tenths,
    pub(super) height: Tenths,
    /// The style's class.
    pub(super) class: &'static str,
    /// What it says.
    pub(super) title: String,
}

/// A part of what a day brought.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) class: &'static str,
    pub(super) value: u64,
    pub(super) title: String,
}

/// A point of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: Tenths,
    pub(super) y: Tenths,
    pub(super) title: String,
}

/// Bars, or a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Panel {
    pub(super) bars: Vec<Bar>,
    pub(super) points: Vec<Point>,
    /// What the top stands for.
    pub(super) most: u64,
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

impl Panel {
    /// For each day a bar of pieces, the first one at the bottom.
    pub(super) fn stacked(days: &[Vec<Piece>], height: u64) -> Self {
        let sum = |pieces: &Vec<Piece>| pieces.iter().map(|piece| piece.value).sum();
        let most: u64 = days.iter().map(sum).max().unwrap_or_default();
        let slot = slot(days.len());
        let mut bars = Vec::new();
        for (place, pieces) in (0u64..).zip(days) {
            let width = (slot * 4 / 5).clamp(1, WIDEST);
            let (mut below, mut drawn) = (0, 0);
            for piece in pieces.iter().filter(|piece| piece.value > 0) {
                let bottom = scaled(below, most, height);
                below += piece.value;
                let high = (scaled(below, most, height) - bottom).max(LOWEST);
                drawn += high;
                bars.push(Bar {
                    x: Tenths(place * slot + (slot - width) / 2),
                    y: Tenths(height.saturating_sub(drawn)),
                    width: Tenths(width),
                    height: Tenths(high),
                    class: piece.class,
                    title: piece.title.clone(),
                });
            }
        }
        Self {
            bars,
            points: Vec::new(),
            most,
        }
    }

    /// A line through the days that have a value.
    pub(super) fn line(days: &[Option<(u64, String)>], height: u64) -> Self {
        let values = days.iter().flatten().map(|(value, _)| *value);
        let most = values.max().unwrap_or_default();
        let slot = slot(days.len());
        let point = |(place, day): (u64, &Option<(u64, String)>)| {
            let (value, title) = day.as_ref()?;
            Some(Point {
                x: Tenths(place * slot + slot / 2),
                y: Tenths(height - scaled(*value, most, height)),
                title: title.clone(),
            })
        };
        Self {
            bars: Vec::new(),
            points: (0u64..).zip(days).filter_map(point).collect(),
            most,
        }
    }

    /// The line's points, as SVG has them (SVG 2, section 10.6).
    pub(super) fn path(&self) -> String {
        let points = self.points.iter();
        let each: Vec<String> = points.map(|one| format!("{},{}", one.x, one.y)).collect();
        each.join(" ")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bars.is_empty() && self.points.is_empty()
    }
}

/// How much room a day has.
fn slot(days: usize) -> u64 {
    let days = u64::try_from(days).unwrap_or(u64::MAX).max(1);
    (WIDTH / days).max(1)
}

/// How high a value is, where the highest one takes all but a margin.
fn scaled(value: u64, most: u64, height: u64) -> u64 {
    let all = u128::from(height - height / 10);
    let high = u128::from(value) * all / u128::from(most.max(1));
    u64::try_from(high).unwrap_or(height).min(height)
}

#[cfg(test)]
#[expect(clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn piece(class: &'static str, value: u64) -> Piece {
        Piece {
            class,
            value,
            title: format!("{value} {class}"),
        }
    }

    #[test]
    fn pieces_of_a_day_stand_on_each_other_and_fit() {
        let days = [
            vec![piece("good", 30), piece("bad", 10)],
            vec![],
            vec![piece("good", 0), piece("busy", 20)],
        ];
        let panel = Panel::stacked(&days, 1_000);
        assert_eq!(panel.most, 40);
        let [good, bad, busy] = panel.bars.as_slice() else {
            panic!("{panel:?}");
        };
        assert_eq!(good.y.0 + good.height.0, 1_000);
        assert_eq!(bad.y.0 + bad.height.0, good.y.0);
        assert_eq!(bad.y.0, 100, "the highest has a margin above it");
        assert_eq!(good.x, bad.x);
        // In the middle of thirds.
        assert_eq!((good.x, busy.x), (Tenths(1_133), Tenths(6_465)));
        assert_eq!(busy.y.0 + busy.height.0, 1_000);
        assert_eq!(busy.title, "20 busy");
    }

    #[test]
    fn the_widest_and_the_most_days_stay_within_the_chart() {
        for count in [1, 7, 400] {
            let days: Vec<_> = (0..count).map(|_| vec![piece("good", 1)]).collect();
            let panel = Panel::stacked(&days, 1_000);
            let last = panel.bars.last().map(|bar| bar.x.0 + bar.width.0);
            assert!(last.is_some_and(|right| right <= WIDTH), "{count}");
            assert!(panel.bars.iter().all(|bar| bar.width.0 > 0));
        }
        let little = vec![piece("good", 1), piece("busy", 1), piece("bad", 1_000_000)];
        let panel = Panel::stacked(&[little], 1_600);
        let [good, busy, bad] = panel.bars.as_slice() else {
            panic!("{panel:?}");
        };
        assert_eq!(busy.y.0 + busy.height.0, good.y.0, "none hides another");
        assert_eq!(bad.y.0 + bad.height.0, busy.y.0);
        let most = Panel::stacked(&[vec![piece("good", u64::MAX)]], 1_000);
        assert!(most.bars[0].height.0 <= 1_000);
    }

    #[test]
    fn a_line_leaves_out_days_without_a_value() {
        let days = [
            Some((10, String::new())),
            None,
            Some((0, String::from("none"))),
        ];
        let panel = Panel::line(&days, 1_000);
        assert_eq!(panel.path(), "133.3,10 666.5,100");
        assert_eq!(panel.points[1].title, "none");
        assert!(Panel::line(&[None], 1_000).is_empty());
    }

    #[test]
    fn tenths_are_written_with_their_point_where_they_have_one() {
        assert_eq!(Tenths(1_005).to_string(), "100.5");
        assert_eq!(Tenths(1_000).to_string(), "100");
    }
}
