//! A map as a tree: namespaces, in them what comes first, and below it what it leads to.

use std::collections::{BTreeMap, BTreeSet};

use weir::engine::map::{MapEdge, MapNode, ServiceMap, Sort, Why};

use crate::text;

/// The tree, a node a line. Every node of the cluster stands where traffic would come to it first; one
/// that several lead to stands below each of them.
pub(super) fn lines(map: &ServiceMap) -> Vec<String> {
    let tree = Tree::new(map);
    let mut lines = Vec::new();
    let mut namespace = None;
    for node in tree.roots() {
        if namespace != Some(&node.namespace) {
            namespace = Some(&node.namespace);
            lines.push(text::clean(&node.namespace));
        }
        tree.write(node, None, 1, &mut lines);
    }
    lines
}

struct Tree<'m> {
    nodes: BTreeMap<&'m str, &'m MapNode>,
    below: BTreeMap<&'m str, Vec<&'m MapEdge>>,
    owners: BTreeMap<&'m str, &'m str>,
    led_to: BTreeSet<&'m str>,
}

impl<'m> Tree<'m> {
    fn new(map: &'m ServiceMap) -> Self {
        let nodes = map.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut below = BTreeMap::<_, Vec<_>>::new();
        let (mut owners, mut led_to) = (BTreeMap::new(), BTreeSet::new());
        for edge in &map.edges {
            below.entry(edge.from.as_str()).or_default().push(edge);
            if edge.why == Why::Owns {
                owners.insert(edge.to.as_str(), edge.from.as_str());
            } else {
                led_to.insert(edge.to.as_str());
            }
        }
        // A workload stands above the pods that no service leads to.
        for edge in &map.edges {
            if edge.why == Why::Owns && led_to.contains(edge.to.as_str()) {
                led_to.insert(edge.from.as_str());
            }
        }
        Self { nodes, below, owners, led_to }
    }

    /// Nodes that nothing leads to, by namespace.
    fn roots(&self) -> Vec<&'m MapNode> {
        let is_root = |node: &&MapNode| match node.sort {
            Sort::Ingress | Sort::Service | Sort::Workload => !self.led_to.contains(&*node.id),
            Sort::Pod => !self.led_to.contains(&*node.id) && !self.owners.contains_key(&*node.id),
            Sort::Node | Sort::Outside => false,
        };
        let mut roots: Vec<_> = self.nodes.values().copied().filter(is_root).collect();
        roots.sort_by_key(|node| (&node.namespace, node.sort, &node.name));
        roots
    }

    fn write(
        &self,
        node: &MapNode,
        above: Option<&MapEdge>,
        depth: usize,
        lines: &mut Vec<String>,
    ) {
        let kind = match (node.sort, &node.kind) {
            (Sort::Workload, Some(kind)) => text::clean(kind),
            (Sort::Ingress, _) => "Ingress".to_owned(),
            (Sort::Service, _) => "Service".to_owned(),
            _ => "Pod".to_owned(),
        };
        let said = match above {
            Some(MapEdge { why: Why::Routes, routes, .. }) => {
                format!("  by {}", text::clean(&routes.join(", ")))
            }
            Some(MapEdge { why: Why::Selects, .. }) => self.owned(node),
            Some(MapEdge { why: Why::Owns, .. }) | None => String::new(),
        };
        lines.push(format!("{}{kind} {}{said}", "  ".repeat(depth), text::clean(&node.name)));
        for edge in self.below.get(&*node.id).into_iter().flatten() {
            if let Some(next) = self.nodes.get(&*edge.to) {
                self.write(next, Some(edge), depth + 1, lines);
            }
        }
    }

    /// `  of Deployment web`.
    fn owned(&self, node: &MapNode) -> String {
        let owner = self.owners.get(&*node.id).and_then(|owner| self.nodes.get(owner));
        let owned = owner.map(|owner| {
            let kind = owner.kind.as_deref().unwrap_or("workload");
            format!("  of {} {}", text::clean(kind), text::clean(&owner.name))
        });
        owned.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(sort: Sort, id: &str, kind: Option<&str>) -> MapNode {
        let name = id.split('/').next_back().unwrap().to_owned();
        let kind = kind.map(str::to_owned);
        MapNode { id: id.into(), sort, namespace: "shop".into(), name, kind }
    }

    fn edge(from: &str, to: &str, why: Why, routes: &[&str]) -> MapEdge {
        let routes = routes.iter().map(|route| (*route).to_owned()).collect();
        MapEdge { from: from.into(), to: to.into(), why, routes }
    }

    #[test]
    fn what_comes_first_stands_above_what_it_leads_to() {
        let map = ServiceMap {
            nodes: vec![
                node(Sort::Ingress, "i/web", None),
                node(Sort::Service, "s/web", None),
                node(Sort::Service, "s/db", None),
                node(Sort::Workload, "w/web", Some("Deployment")),
                node(Sort::Workload, "w/cron", Some("CronJob")),
                node(Sort::Pod, "p/web-1", None),
                node(Sort::Pod, "p/cron-1", None),
                node(Sort::Pod, "p/lone", None),
                node(Sort::Outside, "o/203.0.113.7", None),
            ],
            edges: vec![
                edge("i/web", "s/web", Why::Routes, &["shop.example/"]),
                edge("s/web", "p/web-1", Why::Selects, &[]),
                edge("w/web", "p/web-1", Why::Owns, &[]),
                edge("w/cron", "p/cron-1", Why::Owns, &[]),
            ],
            ..ServiceMap::default()
        };
        let expected = "\
shop
  Ingress web
    Service web  by shop.example/
      Pod web-1  of Deployment web
  Service db
  CronJob cron
    Pod cron-1
  Pod lone";
        assert_eq!(lines(&map).join("\n"), expected);
    }
}
