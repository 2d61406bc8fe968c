//! The map in the language of Graphviz.

use std::fmt::Write as _;

use super::{LiveEdge, MapNode, ServiceMap, Sort, Why};

impl ServiceMap {
    /// The map as a graph for `dot`.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut dot =
            String::from("digraph weir {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
        for node in &self.nodes {
            line(&mut dot, &self::node(node));
        }
        for edge in &self.edges {
            let why = match edge.why {
                Why::Routes => edge.routes.join("\n"),
                Why::Selects => "selects".to_owned(),
                Why::Owns => "owns".to_owned(),
            };
            let (from, to, label) = (quoted(&edge.from), quoted(&edge.to), quoted(&why));
            line(&mut dot, &format!("{from} -> {to} [label={label}, color=gray];"));
        }
        for edge in &self.live {
            line(&mut dot, &live(edge));
        }
        dot.push_str("}\n");
        dot
    }
}

fn line(dot: &mut String, text: &str) {
    // Writing to a text cannot fail.
    writeln!(dot, "  {text}").ok();
}

fn node(node: &MapNode) -> String {
    let MapNode { id, sort, namespace, name, kind } = node;
    let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let label = kind.as_ref().map_or(place.clone(), |kind| format!("{kind}\n{place}"));
    let shape = match sort {
        Sort::Ingress => "house",
        Sort::Service => "ellipse",
        Sort::Workload => "folder",
        Sort::Pod => "box",
        Sort::Node => "box3d",
        Sort::Outside => "plaintext",
    };
    format!("{} [label={}, shape={shape}];", quoted(id), quoted(&label))
}

fn live(edge: &LiveEdge) -> String {
    let LiveEdge { flows_per_s, bytes_per_s, resets, score, class, is_alarm, .. } = edge;
    let label = format!(
        "{class} {score:.3}\n{flows_per_s:.1} flows/s {bytes_per_s:.0} B/s\n{resets} resets"
    );
    let colour = if *is_alarm { "red" } else { "blue" };
    let (from, to, label) = (quoted(&edge.from), quoted(&edge.to), quoted(&label));
    format!("{from} -> {to} [label={label}, color={colour}];")
}

/// `text` as a string of `dot`; a line break stays one.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {}
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_gets_out_of_a_string() {
        assert_eq!(quoted("a\"b\\c\nd\u{1b}e"), r#""a\"b\\c\nde""#);
    }
}
