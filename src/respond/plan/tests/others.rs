//! What others do to an Ingress under a limit.

use super::*;
use crate::incident::IncidentId;

const RPM: &str = "nginx.ingress.kubernetes.io/limit-rpm";
const CONNECTIONS: &str = "nginx.ingress.kubernetes.io/limit-connections";

#[test]
fn a_limit_that_somebody_changed_is_said_once_left_alone_and_not_set_again() {
    for (kind, mut server) in kinds() {
        limited(&mut server, &wanted(Controller::IngressNginx, 5));
        changes(&mut server, "argocd-controller", &json!({ RPS: "70" }));
        let (words, writes) = run(&mut server, 99, |view| Ok(keep(view)));
        let [Word::Overridden(text)] = &words[..] else { panic!("{kind}: {words:?}") };
        assert_eq!(text, &format!("`{RPS}` was set to `70` by argocd-controller, and is left so"));
        assert_eq!(writes, 1);
        assert_eq!(run(&mut server, 99, |view| Ok(keep(view))), (vec![], 0), "{kind}");
        assert_eq!(annotations(&server)[RPS], "70");
        let (words, _) = run(&mut server, 99, lift);
        assert!(matches!(&words[..], [Word::Left(_)]), "{kind}: {words:?}");
        assert_eq!(annotations(&server)[RPS], "70", "{kind}");
        assert_eq!(annotations(&server)["weir.dev/limit"], Value::Null);
        assert!(
            !owners(server.get("ingresses/web").unwrap()).keys().any(|(name, _)| name == MANAGER)
        );
    }
}

#[test]
fn a_limit_that_was_undone_by_its_manager_is_said_once() {
    let mut server = Server::default();
    let before = json!({ RPS: "50" });
    ingress(&mut server, Operation::Apply, "argocd", &before);
    let healthy = state(&server);
    limited(&mut server, &wanted(Controller::IngressNginx, 5));
    ingress(&mut server, Operation::Apply, "argocd", &before);
    let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
    let text = format!("`{RPS}` was set back to what it was before by argocd");
    assert_eq!(words, [Word::Overridden(text)]);
    assert_eq!(run(&mut server, 99, |view| Ok(keep(view))).0, []);
    run(&mut server, 99, lift);
    assert_eq!(state(&server), healthy);
}

#[test]
fn a_limit_that_was_removed_is_said_once_and_may_be_set_again_by_whoever_asks() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({ "a": "b" }));
    let before = state(&server);
    limited(&mut server, &wanted(Controller::IngressNginx, 5));
    changes(&mut server, "kubectl", &json!({ RPS: null }));
    let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
    assert_eq!(words, [Word::Overridden(format!("`{RPS}` was removed"))]);
    limited(&mut server, &wanted(Controller::IngressNginx, 5));
    assert_eq!(annotations(&server)[RPS], "5");
    run(&mut server, 99, lift);
    assert_eq!(state(&server), before);
}

#[test]
fn a_ledger_that_was_removed_leaves_no_limit_behind_and_it_is_said() {
    for controller in CONTROLLERS {
        let mut server = Server::default();
        ingress(&mut server, Operation::Apply, "argocd", &json!({ "a": "b" }));
        let before = state(&server);
        limited(&mut server, &wanted(controller, 5));
        changes(&mut server, "kubectl", &json!({ "weir.dev/limit": null }));
        let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
        assert!(matches!(&words[..], [Word::Mended(_)]), "{words:?}");
        assert_eq!(state(&server).0, before.0);
        assert_eq!(state(&server).2, before.2);
    }
}

#[test]
fn a_ledger_that_cannot_be_read_is_left_alone_and_said() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({ "weir.dev/limit": "{}" }));
    let (words, writes) = run(&mut server, 99, |view| Ok(keep(view)));
    assert!(matches!(&words[..], [Word::Unreadable(_)]) && writes == 0, "{words:?}");
    let wanted = wanted(Controller::IngressNginx, 5);
    for refusal in [view(&server, |view| set(view, &wanted)), view(&server, lift)] {
        assert!(refusal.unwrap_err().to_string().contains("cannot be read"));
    }
}

#[test]
fn a_middleware_of_somebody_else_is_not_taken() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({}));
    let theirs = json!({ "metadata": {}, "spec": { "rateLimit": { "average": 1 } } });
    server.apply("middlewares/weir-rps-web", &theirs, "alice").unwrap();
    let wanted = wanted(Controller::Traefik, 5);
    let refusal = view(&server, |view| set(view, &wanted)).unwrap_err().to_string();
    assert!(refusal.contains("shop/weir-rps-web that is not Weir's"), "{refusal}");
    assert_eq!(run(&mut server, 99, lift).1, 0, "nor is it removed");
}

#[test]
fn a_middleware_that_somebody_still_names_stays() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({}));
    limited(&mut server, &wanted(Controller::Traefik, 5));
    let both = "shop-weir-rps-web@kubernetescrd,shop-own@kubernetescrd";
    changes(&mut server, "kubectl", &json!({ LISTED: both }));
    run(&mut server, 99, |view| Ok(keep(view)));
    let (words, _) = run(&mut server, 99, lift);
    assert!(matches!(&words[..], [Word::Left(text)] if text.contains(both)), "{words:?}");
    assert!(server.get("middlewares/weir-rps-web").is_some(), "a route would answer nobody");
    changes(&mut server, "kubectl", &json!({ LISTED: "shop-own@kubernetescrd" }));
    run(&mut server, 99, |view| Ok(keep(view)));
    assert!(server.get("middlewares/weir-rps-web").is_none());
}

#[test]
fn a_route_whose_middleware_was_removed_is_freed_of_it() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({ LISTED: "auth-sso@kubernetescrd" }));
    let before = state(&server);
    limited(&mut server, &wanted(Controller::Traefik, 5));
    server.delete("middlewares/weir-rps-web");
    let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
    assert!(matches!(&words[..], [Word::Overridden(_), ..]), "{words:?}");
    assert_eq!(state(&server), before);
}

/// A limit that Weir sets by itself about an incident.
fn automatic(incident: u64, rps: u32) -> Wanted {
    let by = "weir (auto)".to_owned();
    Wanted { by, incident: Some(IncidentId(incident)), ..wanted(Controller::IngressNginx, rps) }
}

/// Why the plan refuses, with nothing written.
fn refused(server: &Server, plan: impl Fn(&View<'_>) -> Result<Step, Refusal>) -> String {
    view(server, plan).unwrap_err().to_string()
}

#[test]
fn what_weir_does_by_itself_goes_no_further_where_a_person_was_faster() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({}));
    limited(&mut server, &automatic(1, 10));
    limited(&mut server, &wanted(Controller::IngressNginx, 3));
    for why in [
        refused(&server, |view| set(view, &automatic(1, 10))),
        refused(&server, |view| lift_own(view, IncidentId(1))),
    ] {
        assert!(why.contains("shop/web is limited by alice via api now"), "{why}");
    }
    assert_eq!(annotations(&server)[RPS], "3");
}

#[test]
fn nor_where_another_weir_was() {
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({}));
    limited(&mut server, &automatic(1, 10));
    for why in [
        refused(&server, |view| set(view, &automatic(2, 5))),
        refused(&server, |view| lift_own(view, IncidentId(2))),
    ] {
        assert!(why.contains("is limited by another Weir now"), "{why}");
    }
    limited(&mut server, &automatic(1, 20));
    assert_eq!(annotations(&server)[RPS], "20", "its own it changes");
}

#[test]
fn nor_where_somebody_has_a_limit_of_their_own_or_changed_weirs() {
    let theirs = json!({ RPS: "3" });
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &theirs);
    let why = refused(&server, |view| set(view, &automatic(1, 10)));
    assert!(why.contains(&format!("somebody has limited shop/web by `{RPS}`")), "{why}");
    let mut server = Server::default();
    ingress(&mut server, Operation::Apply, "argocd", &json!({}));
    limited(&mut server, &automatic(1, 10));
    for changed in ["3", "10"] {
        let mut server = server.clone();
        ingress(&mut server, Operation::Apply, "argocd", &json!({ RPS: changed }));
        let why = refused(&server, |view| set(view, &automatic(1, 10)));
        assert!(why.contains("somebody has changed Weir's limit at shop/web"), "{why}");
    }
    for another in [RPM, CONNECTIONS] {
        let mut server = server.clone();
        changes(&mut server, "kubectl", &json!({ another: "3" }));
        let why = refused(&server, |view| set(view, &automatic(1, 10)));
        assert!(why.contains(&format!("by `{another}`")), "{why}");
    }
    changes(&mut server, "kubectl", &json!({ RPS: null }));
    let why = refused(&server, |view| set(view, &automatic(1, 10)));
    assert!(why.contains("it was set back to what it was before"), "{why}");
}

#[test]
fn what_weir_set_by_itself_is_lifted_whole() {
    for (kind, mut server) in kinds() {
        if annotations(&server)[RPS] != Value::Null {
            continue;
        }
        let before = state(&server);
        limited(&mut server, &automatic(1, 10));
        run(&mut server, 99, |view| lift_own(view, IncidentId(1)));
        assert_eq!(state(&server), before, "{kind}");
    }
}
