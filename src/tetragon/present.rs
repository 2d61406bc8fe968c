//! The agents that there are at a moment, for whoever asks them something and follows none.

use std::path::Path;

use super::find::{LABEL, MOST, found};
use super::{AgentStatus, Endpoint, SOCKET, Wish};
use crate::cluster::{self, Cluster};

/// The agents that `wishes` mean, of which nothing else is known yet; those of `cluster` are looked for
/// there, and none of it are found where there is none.
pub async fn present(
    wishes: &[Wish],
    cluster: Option<&Cluster>,
) -> Result<Vec<AgentStatus>, cluster::Error> {
    let mut agents: Vec<AgentStatus> = Vec::new();
    let mut add = |new: AgentStatus| {
        if agents.len() < MOST && agents.iter().all(|agent| agent.endpoint != new.endpoint) {
            agents.push(new);
        }
    };
    for wish in wishes {
        match (wish, cluster) {
            (Wish::Auto, _) => {
                if Path::new(SOCKET).exists() {
                    add(AgentStatus::new(Endpoint::Unix(SOCKET.into())));
                }
            }
            (Wish::At(endpoint), _) => add(AgentStatus::new(endpoint.clone())),
            (Wish::Cluster(port), Some(cluster)) => {
                let pods = cluster.labelled_pods(LABEL).await?;
                pods.into_iter().filter_map(|pod| found(pod, *port)).for_each(&mut add);
            }
            (Wish::Nobody | Wish::Cluster(_), _) => {}
        }
    }
    Ok(agents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_agent_that_is_named_is_there_once() {
        let wishes = ["none", "10.0.0.7:54321", "file:///t.log", "10.0.0.7:54321", "cluster:1"];
        let wishes: Vec<_> = wishes.iter().map(|wish| wish.parse().unwrap()).collect();
        let agents = present(&wishes, None).await.unwrap();
        let places: Vec<_> = agents.iter().map(|agent| agent.endpoint.to_string()).collect();
        assert_eq!(places, ["10.0.0.7:54321", "file:///t.log"]);
    }
}
