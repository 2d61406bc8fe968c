use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::respond::Burst;
use crate::respond::plan::Operation;

pub(crate) fn ledger() -> Ledger {
    let owner = |operation, manager: &str| Owner {
        operation,
        manager: manager.into(),
        api_version: "networking.k8s.io/v1".into(),
    };
    Ledger {
        controller: Controller::IngressNginx,
        limit: Limit {
            rps: Some(5),
            burst: Some(Burst::Requests(25)),
            allowlist: vec!["203.0.113.0/24".parse().unwrap()],
            ..Limit::default()
        },
        by: "alice via api".into(),
        reason: "flood".into(),
        incident: Some(IncidentId(0xab)),
        since_us: 1_600_000_000_000_000,
        until_us: 1_600_000_900_000_000,
        values: vec![LedgerValue {
            field: "nginx.ingress.kubernetes.io/limit-rps".into(),
            wanted: "5".into(),
            previous: Some("50".into()),
            owners: vec![owner(Operation::Update, "kubectl"), owner(Operation::Apply, "argocd")],
            state: ValueState::Held,
        }],
    }
}

#[test]
fn a_ledger_is_read_as_it_is_written() {
    let ledger = ledger();
    assert_eq!(Ledger::read(Some(&ledger.write())), Reading::Held(Box::new(ledger)));
}

#[test]
fn what_weir_did_not_write_is_unreadable_and_says_why() {
    let change = |change: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&ledger().write()).unwrap();
        change(&mut value);
        value.to_string()
    };
    let table = [
        (String::new(), "no ledger"),
        ("null".into(), "no ledger"),
        ("{\"version\":2}".into(), "version 2"),
        ("[".repeat(100_000), "no ledger"),
        (" ".repeat(LONGEST + 1), "bytes"),
        (change(|ledger| ledger["controller"] = "kong".into()), "does not write"),
        (change(|ledger| ledger["limit"]["rps"] = 0.into()), "does not write"),
        (change(|ledger| ledger["until"] = "tomorrow".into()), "does not write"),
        (change(|ledger| ledger["incident"] = "-1".into()), "does not write"),
        (
            change(|ledger| {
                ledger["values"][0]["field"] =
                    "nginx.ingress.kubernetes.io/configuration-snippet".into();
            }),
            "does not write",
        ),
        (
            change(|ledger| ledger["values"] = vec![ledger["values"][0].clone(); 33].into()),
            "does not write",
        ),
    ];
    for (text, expected) in table {
        let Reading::Unreadable(why) = Ledger::read(Some(&text)) else { panic!("{text:.80}") };
        assert!(why.contains(expected), "{why}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reading_panic(text in any::<String>(), at in 0_usize..600, byte in any::<u8>()) {
        drop(Ledger::read(Some(&text)));
        let mut bytes = ledger().write().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(Ledger::read(Some(&String::from_utf8_lossy(&bytes))));
    }
}
