//! Policies in the console.

use weir::store::Reader;

use crate::Stage;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::support::engine::DEMO;
use crate::support::terminal::Terminal;

const NAME: &str = "watch-connections";

#[test]
fn a_policy_is_written_refused_applied_not_loaded_and_deleted() {
    let Some(terminal) = Terminal::open(120, 40, &[]) else {
        println!("skipped: no tmux");
        return;
    };
    let stage = Stage::new();
    let (program, database) = (env!("CARGO_BIN_EXE_weir"), terminal.path("weir.db"));
    let (kubeconfig, agent) = (stage.kubeconfig.display(), stage.agent.endpoint());
    terminal.run(&format!(
        "{program} --replay {DEMO} --database {} --kubeconfig {kubeconfig} \
         --tetragon {agent}; echo ended $?",
        database.display()
    ));
    terminal.await_text("1 Flows");
    terminal.type_text("p");
    terminal.await_text("there is no policy");
    terminal.type_text("n");
    terminal.await_text("nothing is wrong; watch-connections only tells");

    let readers = Rights::Only(vec![Grant::new(&["get", "list", "watch"], "*", &["*"])]);
    stage.api.with(|kube| kube.users[0].rights = readers);
    terminal.press("C-d");
    terminal.await_text("cannot patch resource \"tracingpolicies\"");
    stage.api.with(|kube| kube.users[0].rights = Rights::All);
    terminal.press("C-d");
    terminal.await_text("it would be taken");
    assert_eq!(stage.writes(), 0);

    stage.agent.with(|agent| agent.no_such_hooks.insert("tcp_connect".into()));
    stage.follows_next();
    terminal.press("C-s");
    terminal.await_text("+  name: watch-connections");
    terminal.await_text("y yes");
    terminal.type_text("y");
    // In the list, and not only in what is said of the change.
    terminal.await_text("NOT LOADED watch-connections");
    assert!(stage.object(NAME).is_object());

    stage.follows_next();
    terminal.type_text("D");
    terminal.await_text("y yes");
    terminal.type_text("y");
    terminal.await_text("there is no policy");
    assert!(stage.object(NAME).is_null());
    terminal.press("C-c");
    terminal.await_text("ended 0");
    let record = Reader::open(&database).and_then(|reader| reader.audit(None, 50)).unwrap();
    // The response speaks of the attacks in the capture.
    let record = record.into_iter().filter(|one| one.what.starts_with("policy."));
    let did: Vec<_> = record.rev().map(|record| record.what).collect();
    assert_eq!(did, ["policy.refuse", "policy.apply", "policy.delete"]);
}
