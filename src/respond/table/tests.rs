use super::*;

const MANY: Asked = Asked { requests: 100, whole: 100, unfinished: 0, hidden: 0 };

fn said(asked: Asked, class: Class) -> Result<Remedy, Matter> {
    asked.remedy(class).map_err(|obstacle| obstacle.matter)
}

#[test]
fn the_table_from_class_to_response() {
    let table = [
        (Class::Benign, Err(Matter::Class)),
        (Class::Scan, Err(Matter::Class)),
        (Class::DosFlood, Ok(Remedy::Rate)),
        (Class::DosSlow, Ok(Remedy::Connections)),
        (Class::DosReflection, Err(Matter::Class)),
        (Class::BruteForce, Ok(Remedy::Rate)),
        (Class::WebAttack, Ok(Remedy::Rate)),
        (Class::Beacon, Err(Matter::Class)),
        (Class::Exfiltration, Err(Matter::Class)),
        (Class::LateralMovement, Err(Matter::Class)),
        (Class::Exploit, Err(Matter::Class)),
        (Class::Unknown, Err(Matter::Class)),
    ];
    assert!(table.iter().map(|(class, _)| *class).eq(Class::ALL));
    for (class, response) in table {
        assert_eq!(said(MANY, class), response, "{class}");
    }
}

#[test]
fn whoever_sends_packets_and_asks_nothing_is_not_held_by_an_ingress() {
    for class in [Class::DosFlood, Class::DosSlow, Class::BruteForce, Class::WebAttack] {
        assert_eq!(said(Asked::default(), class), Err(Matter::NoRequests), "{class}");
    }
    let text = Asked::default().remedy(Class::DosFlood).unwrap_err().text;
    assert!(text.contains("SYN cookies"), "{text}");
}

#[test]
fn slow_headers_are_told_from_slow_bodies() {
    let slow = |whole, unfinished, requests| {
        said(Asked { requests, whole, unfinished, hidden: 0 }, Class::DosSlow)
    };
    assert_eq!(slow(0, 200, 200), Err(Matter::Class), "slow headers");
    assert_eq!(slow(200, 10, 210), Ok(Remedy::Connections), "slow bodies and slow reading");
    assert_eq!(slow(100, 100, 200), Err(Matter::Unclear), "both");
    assert_eq!(slow(5, 0, 5), Err(Matter::Unclear), "too few");
    assert_eq!(slow(0, 0, 200), Err(Matter::Unclear), "heads cut off by the capture");
}

#[test]
fn what_is_hidden_in_tls_is_left_to_people() {
    let hidden = Asked { requests: 3, whole: 3, unfinished: 0, hidden: 100 };
    assert_eq!(said(hidden, Class::DosFlood), Err(Matter::Unclear));
    assert_eq!(said(hidden, Class::DosSlow), Err(Matter::Unclear));
}
