//! Agents that are found in a cluster.

use std::time::Duration;

use weir::tetragon::{AgentLink, Endpoint};

use crate::support::double::http::Piece;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::support::double::kube::{ApiServer, tetragon_pod};
use crate::support::double::tetragon::TetragonAgent;
use crate::{Follower, counted, exec, is_down, pids};

const OF: [&str; 3] = ["kube-system", "tetragon-a", "export-stdout"];

fn start(api: &ApiServer, wish: &str) -> Follower {
    Follower::start(&[wish], Some(api), None)
}

/// A cluster with the log of an agent on one node.
fn with_log() -> ApiServer {
    let api = ApiServer::start();
    api.with(|kube| {
        kube.seed(tetragon_pod("tetragon-a", "n1", "10.0.0.1"));
        kube.logs.print(OF, "");
    });
    api
}

fn print(api: &ApiServer, pid: u32) {
    api.with(|kube| kube.logs.print(OF, &exec(pid)));
}

#[track_caller]
fn until_followed(follower: &Follower, api: &ApiServer) {
    drop(follower.until("the log is followed", |_| api.with(|kube| kube.logs.followers() == 1)));
}

#[test]
fn a_log_is_followed_from_its_end_and_read_on_without_a_line_twice() {
    let api = with_log();
    print(&api, 1);
    let follower = start(&api, "cluster");
    follower.until_up();
    until_followed(&follower, &api);
    print(&api, 2);
    print(&api, 3);
    drop(follower.until("both come", |heard| pids(heard) == [2, 3]));
    for piece in [Piece::Cut, Piece::End] {
        api.with(|kube| kube.logs.cut(&piece));
        print(&api, 4);
        until_followed(&follower, &api);
    }
    print(&api, 5);
    let heard =
        follower.until("all come", |heard| heard.events.len() == 5 && heard.agents[0].events == 5);
    assert_eq!(pids(&heard), [2, 3, 4, 4, 5]);
    assert_eq!(counted(&heard), [("events", 5)]);
    let agent = &heard.agents[0];
    assert_eq!(
        (agent.endpoint.to_string().as_str(), &*agent.node),
        ("log:kube-system/tetragon-a", "n1")
    );
}

#[test]
fn a_log_that_was_rotated_away_meanwhile_is_a_gap() {
    let api = with_log();
    let follower = start(&api, "cluster");
    follower.until_up();
    until_followed(&follower, &api);
    print(&api, 1);
    drop(follower.until("it comes", |heard| pids(heard) == [1]));
    api.with(|kube| {
        kube.logs.cut(&Piece::Cut);
        kube.logs.forget(OF);
        kube.logs.print(OF, &exec(3));
    });
    let heard = follower.until("the gap is known", |heard| {
        heard.agents[0].gaps == 1 && heard.agents[0].events == 2
    });
    assert_eq!(pids(&heard), [1, 3]);
}

#[test]
fn a_log_that_ends_at_once_again_and_again_is_not_heard() {
    let api = with_log();
    print(&api, 1);
    let follower = start(&api, "cluster");
    follower.until_up();
    for _ in 0..3 {
        until_followed(&follower, &api);
        api.with(|kube| kube.logs.cut(&Piece::End));
    }
    follower.until_down("ends at once, again and again");
    // One that stays is heard.
    follower.until_up();
    print(&api, 2);
    // The line before may be of the second in which the log was first followed.
    drop(follower.until("it comes", |heard| pids(heard).last() == Some(&2)));
}

#[test]
fn a_sink_that_breaks_off_costs_no_line_of_a_log_but_that_one() {
    let api = with_log();
    let follower = start(&api, "cluster");
    follower.until_up();
    until_followed(&follower, &api);
    follower.keeper.lock().breaks = true;
    print(&api, 1);
    follower.until_down("a fault of Weir");
    print(&api, 2);
    print(&api, 3);
    drop(follower.until("what was printed meanwhile", |heard| pids(heard) == [2, 3]));
}

#[test]
fn what_is_missing_is_said_with_how_to_mend_it() {
    let api = ApiServer::start();
    api.with(|kube| kube.seed(tetragon_pod("tetragon-a", "n1", "10.0.0.1")));
    let follower = start(&api, "cluster");
    follower.until_down("`export.mode: stdout`");
    let only_list = || Rights::Only(vec![Grant::new(&["list"], "", &["pods"])]);
    api.with(|kube| {
        kube.logs.print(OF, "");
        kube.users[1].rights = only_list();
    });
    follower.until_down("Weir needs the right to get pods/log there");
    api.with(|kube| kube.users[1].rights = Rights::All);
    follower.until_up();
}

#[test]
fn a_list_that_fails_is_said_beside_the_agents_that_are_known() {
    let api = with_log();
    let follower = start(&api, "cluster");
    until_followed(&follower, &api);
    api.with(|kube| {
        kube.users[1].rights = Rights::Only(Vec::new());
        kube.logs.cut(&Piece::Cut);
    });
    let heard = follower.until("the list fails", |heard| heard.agents.len() == 2);
    let cluster = heard.agents.iter().find(|agent| agent.endpoint == Endpoint::Cluster(None));
    let why = "cannot list resource \"pods\"";
    assert!(cluster.is_some_and(|cluster| is_down(cluster, why)), "{cluster:?}");
    drop(heard);
    api.with(|kube| kube.users[1].rights = Rights::All);
    drop(follower.until("the list does not fail", |heard| {
        heard.agents.len() == 1 && heard.agents[0].link == AgentLink::Up
    }));
}

#[test]
fn without_a_cluster_that_is_said() {
    let follower = Follower::of(&["cluster:54321"]);
    follower.until_down("name a kubeconfig by --kubeconfig");
}

#[test]
fn agents_come_and_go_with_their_pods() {
    let api = ApiServer::start();
    let first = TetragonAgent::on_tcp();
    let (address, port) = {
        let endpoint = first.endpoint();
        let (address, port) = endpoint.rsplit_once(':').unwrap();
        (address.to_owned(), port.to_owned())
    };
    api.with(|kube| kube.seed(tetragon_pod("tetragon-a", "n1", &address)));
    let follower = start(&api, &format!("cluster:{port}"));
    first.wait_for_listeners(1);
    first.say(&exec(1));
    let heard =
        follower.until("it comes", |heard| heard.agents.iter().any(|agent| agent.events == 1));
    assert_eq!(heard.agents[0].endpoint.to_string(), first.endpoint());
    assert_eq!((&*heard.agents[0].node, &*heard.agents[0].namespace), ("n1", "kube-system"));
    drop(heard);
    // Another pod takes its place; the first agent falls silent, so it is looked for at once.
    api.with(|kube| {
        kube.remove("pods", "kube-system", "tetragon-a");
        kube.seed(tetragon_pod("tetragon-b", "n2", "127.0.0.1"));
    });
    first.refuse();
    let heard = follower.within(Duration::from_secs(25), "the other is looked for", |heard| {
        heard.agents.len() == 1 && heard.agents[0].node == "n2"
    });
    assert_ne!(heard.agents[0].link, AgentLink::Up);
}

#[test]
fn the_log_of_a_pod_that_comes_later_is_read_from_its_start() {
    let api = ApiServer::start();
    let follower = start(&api, "cluster");
    follower.until_down("is Tetragon installed?");
    api.with(|kube| {
        kube.seed(tetragon_pod("tetragon-a", "n1", "10.0.0.1"));
        kube.logs.print(OF, &exec(1));
    });
    print(&api, 2);
    drop(follower.within(Duration::from_secs(50), "both come", |heard| pids(heard) == [1, 2]));
}
