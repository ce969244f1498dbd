//! Plots as handwritten SVG: one per group, with bars on a logarithmic scale.

use std::fmt::Write;

/// One bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) colour: &'static str,
}

/// Bars that belong together, and the target.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
    pub(crate) aim: Option<f64>,
}

pub(crate) const OURS: &str = "#c2410c";
pub(crate) const FLOOR: &str = "#9ca3af";
pub(crate) const PEER: &str = "#60a5fa";

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 110.0;
const LINE: f64 = 20.0;
const TITLE: f64 = 30.0;

/// Draws charts below each other.
pub(crate) fn bars(charts: &[Chart]) -> String {
    let height: f64 = charts.iter().map(|chart| TITLE + LINE * chart.bars.len() as f64 + 12.0).sum();
    let mut svg = begin(height + 10.0);
    let mut y = 0.0;
    for chart in charts {
        y += TITLE;
        let _ = writeln!(svg, r#"<text x="8" y="{:.0}" font-weight="bold">{}</text>"#, y - 10.0, escaped(&chart.title));
        let values = || chart.bars.iter().map(|bar| bar.value).chain(chart.aim).filter(|value| *value > 0.0);
        let greatest = values().fold(f64::MIN_POSITIVE, f64::max);
        let least = values().fold(greatest, f64::min);
        // Keeps the shortest bar visible.
        let (low, high) = ((least / 2.0).ln(), greatest.ln());
        let length = |value: f64| {
            let part = if value > 0.0 { (value.ln() - low) / (high - low) } else { 0.0 };
            part.max(0.0) * (WIDTH - LEFT - RIGHT)
        };
        let top = y;
        for bar in &chart.bars {
            let (end, base) = (LEFT + length(bar.value), y + 14.0);
            let _ =
                writeln!(svg, r#"<text x="{:.0}" y="{base:.0}" text-anchor="end">{}</text>"#, LEFT - 8.0, bar.label);
            let (width, colour) = (end - LEFT, bar.colour);
            let _ = writeln!(
                svg,
                r#"<rect x="{LEFT}" y="{:.0}" width="{width:.1}" height="15" fill="{colour}"/>"#,
                y + 2.0
            );
            let _ = writeln!(svg, r#"<text x="{:.1}" y="{base:.0}">{}</text>"#, end + 5.0, number(bar.value));
            y += LINE;
        }
        if let Some(aim) = chart.aim {
            let x = LEFT + length(aim);
            let (low, high) = (top - 2.0, y + 2.0);
            let _ = writeln!(
                svg,
                r##"<line x1="{x:.1}" x2="{x:.1}" y1="{low:.0}" y2="{high:.0}" stroke="#15803d" stroke-width="2" stroke-dasharray="4 3"/>"##
            );
        }
        y += 12.0;
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws figures over `x`, both on logarithmic scales, each line with its title.
pub(crate) fn lines(charts: &[(String, Vec<(u64, f64)>)]) -> String {
    const HEIGHT: f64 = 130.0;
    let mut svg = begin(charts.len() as f64 * HEIGHT + 10.0);
    for (index, (title, points)) in charts.iter().enumerate() {
        let top = index as f64 * HEIGHT;
        let _ = writeln!(svg, r#"<text x="8" y="{:.0}" font-weight="bold">{}</text>"#, top + 20.0, escaped(title));
        let most = points.iter().map(|point| point.1).fold(0.0, f64::max) * 1.25;
        let step = (WIDTH - 200.0) / points.len().max(2) as f64;
        let mut path = String::new();
        for (place, (x, value)) in points.iter().enumerate() {
            let (at, base) = (100.0 + place as f64 * step, top + HEIGHT - 22.0);
            let high = base - (HEIGHT - 60.0) * value / most;
            let _ = write!(path, "{at:.0},{high:.1} ");
            let _ = writeln!(svg, r#"<circle cx="{at:.0}" cy="{high:.1}" r="3.5" fill="{OURS}"/>"#);
            let _ = writeln!(
                svg,
                r#"<text x="{at:.0}" y="{:.0}" text-anchor="middle">{}</text>"#,
                high - 8.0,
                number(*value)
            );
            let x = number(*x as f64);
            let _ = writeln!(
                svg,
                r##"<text x="{at:.0}" y="{:.0}" text-anchor="middle" fill="#6b7280">{x}</text>"##,
                base + 16.0
            );
        }
        let _ = writeln!(svg, r#"<polyline points="{path}" fill="none" stroke="{OURS}" stroke-width="1.5"/>"#);
    }
    svg.push_str("</svg>\n");
    svg
}

fn begin(height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Formats a number as `1,234,567`, or with one or two decimals where they matter.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.abs() < 100.0 {
        let text = if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return text.to_owned();
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}
