use serde_json::{Value, json};

use super::*;

fn ingress() -> IngressName {
    IngressName::new("shop", "web").unwrap()
}

fn limit(text: &str) -> Limit {
    let mut limit = Limit::default();
    for part in text.split_whitespace() {
        let (name, value) = part.split_once('=').unwrap();
        let number = || value.parse().unwrap();
        match name {
            "rps" => limit.rps = Some(number()),
            "rpm" => limit.rpm = Some(number()),
            "conn" => limit.connections = Some(number()),
            "burst" => limit.burst = Some(Burst::Requests(number())),
            "times" => limit.burst = Some(Burst::Multiplier(number())),
            "allow" => limit.allowlist = value.split(',').map(|net| net.parse().unwrap()).collect(),
            _ => panic!("{name}"),
        }
    }
    limit.checked().unwrap()
}

/// The annotations as one object, without what all of their names begin with.
fn written(controller: Controller, text: &str) -> Result<Value, String> {
    let prefixes = [
        "nginx.ingress.kubernetes.io/",
        "nginx.org/",
        "traefik.ingress.kubernetes.io/",
        "haproxy-ingress.github.io/",
        "haproxy.org/",
    ];
    let fields = controller.fields(&limit(text), &ingress(), &|_| None);
    let Fields { annotations, middlewares } = fields.map_err(|refusal| refusal.to_string())?;
    let short = |field: &str| {
        prefixes.into_iter().find_map(|prefix| field.strip_prefix(prefix)).unwrap().to_owned()
    };
    let all = annotations.into_iter().map(|(field, value)| {
        assert!(controller.annotations().contains(&field), "{field}");
        (short(field), Value::from(value))
    });
    let middlewares = middlewares.into_iter().map(|(name, spec)| (format!("+{name}"), spec));
    Ok(all.chain(middlewares).collect())
}

#[test]
fn every_controller_is_written_exactly_what_it_reads() {
    use Controller::{F5Nginx, HaproxyCommunity, HaproxyTechnologies, IngressNginx, Traefik};
    let table = [
        (IngressNginx, "rps=5", json!({ "limit-rps": "5" })),
        (IngressNginx, "rpm=60", json!({ "limit-rpm": "60" })),
        (IngressNginx, "rps=5 rpm=60", json!({ "limit-rps": "5", "limit-rpm": "60" })),
        (IngressNginx, "conn=2", json!({ "limit-connections": "2" })),
        (
            IngressNginx,
            "rps=5 burst=25",
            json!({ "limit-rps": "5", "limit-burst-multiplier": "5" }),
        ),
        (
            IngressNginx,
            "rps=5 rpm=60 conn=9 times=3 allow=203.0.113.0/24,2001:db8::/32",
            json!({
                "limit-rps": "5", "limit-rpm": "60", "limit-connections": "9",
                "limit-burst-multiplier": "3",
                "limit-whitelist": "203.0.113.0/24,2001:db8::/32",
            }),
        ),
        (
            F5Nginx,
            "rps=5",
            json!({
                "limit-req-rate": "5r/s", "limit-req-key": "${binary_remote_addr}",
                "limit-req-zone-size": "10M",
            }),
        ),
        (
            F5Nginx,
            "rpm=60 times=2",
            json!({
                "limit-req-rate": "60r/m", "limit-req-key": "${binary_remote_addr}",
                "limit-req-zone-size": "10M", "limit-req-burst": "120",
                "limit-req-no-delay": "true",
            }),
        ),
        (
            Traefik,
            "rps=5",
            json!({
                "router.middlewares": "shop-weir-rps-web@kubernetescrd",
                "+weir-rps-web": { "rateLimit": { "average": 5, "period": "1s" } },
            }),
        ),
        (
            Traefik,
            "rps=5 rpm=60 burst=7",
            json!({
                "router.middlewares":
                    "shop-weir-rps-web@kubernetescrd,shop-weir-rpm-web@kubernetescrd",
                "+weir-rps-web": { "rateLimit": { "average": 5, "period": "1s", "burst": 7 } },
                "+weir-rpm-web": { "rateLimit": { "average": 60, "period": "1m", "burst": 7 } },
            }),
        ),
        (
            HaproxyCommunity,
            "rps=5 conn=3 allow=203.0.113.7/32",
            json!({ "limit-rps": "5", "limit-connections": "3", "limit-whitelist": "203.0.113.7/32" }),
        ),
        (
            HaproxyTechnologies,
            "rps=5",
            json!({ "rate-limit-requests": "5", "rate-limit-period": "1s" }),
        ),
        (
            HaproxyTechnologies,
            "rpm=60 allow=203.0.113.7/32",
            json!({
                "rate-limit-requests": "60", "rate-limit-period": "1m",
                "rate-limit-whitelist": "203.0.113.7/32",
            }),
        ),
    ];
    for (controller, text, expected) in table {
        assert_eq!(written(controller, text), Ok(expected), "{} {text}", controller.name());
    }
}

#[test]
fn what_a_controller_cannot_do_is_refused_with_why() {
    use Controller::{F5Nginx, HaproxyCommunity, HaproxyTechnologies, IngressNginx, Traefik};
    let table = [
        (IngressNginx, "rps=5 burst=12", "the nearest is 10"),
        (IngressNginx, "rps=5 burst=13", "the nearest is 15"),
        (IngressNginx, "rps=5 burst=2", "the nearest is 5"),
        (IngressNginx, "rps=5 rpm=60 burst=60", "give `burst_multiplier`"),
        (F5Nginx, "rps=5 rpm=60", "one rate"),
        (F5Nginx, "conn=5", "connections"),
        (F5Nginx, "rps=5 allow=10.0.0.0/8", "allowlist"),
        (Traefik, "conn=5", "`inFlightReq`"),
        (Traefik, "rps=5 allow=10.0.0.0/8", "`excludedIPs`"),
        (HaproxyCommunity, "rpm=60", "give `rps`"),
        (HaproxyCommunity, "rps=5 times=2", "burst"),
        (HaproxyTechnologies, "rps=5 rpm=60", "one period"),
        (HaproxyTechnologies, "conn=5", "connections"),
        (HaproxyTechnologies, "rps=5 burst=5", "burst"),
    ];
    for (controller, text, why) in table {
        let refusal = written(controller, text).unwrap_err();
        assert!(refusal.contains(controller.name()) && refusal.contains(why), "{refusal}");
    }
}

#[test]
fn lists_that_are_there_are_added_to() {
    let base = |field: &str| match field {
        "traefik.ingress.kubernetes.io/router.middlewares" => {
            Some("auth-sso@kubernetescrd, shop-weir-rpm-web@kubernetescrd".to_owned())
        }
        "nginx.ingress.kubernetes.io/limit-allowlist" => Some("10.0.0.0/8".to_owned()),
        _ => None,
    };
    let fields =
        |controller: Controller, text| controller.fields(&limit(text), &ingress(), &base).unwrap();
    assert_eq!(
        fields(Controller::Traefik, "rps=5").annotations[0].1,
        "auth-sso@kubernetescrd,shop-weir-rps-web@kubernetescrd"
    );
    assert_eq!(
        fields(Controller::IngressNginx, "rps=5 allow=10.0.0.0/8,192.0.2.0/24").annotations[1],
        ("nginx.ingress.kubernetes.io/limit-allowlist", "10.0.0.0/8,192.0.2.0/24".to_owned()),
        "where both names are there, the controller reads this one"
    );
}

#[test]
fn classes_that_weir_knows_are_told_from_those_it_refuses() {
    let table = [
        ("k8s.io/ingress-nginx", Ok(Controller::IngressNginx)),
        ("nginx.org/ingress-controller", Ok(Controller::F5Nginx)),
        ("traefik.io/ingress-controller", Ok(Controller::Traefik)),
        ("haproxy-ingress.github.io/controller", Ok(Controller::HaproxyCommunity)),
        ("haproxy-ingress.github.io/controller/edge", Ok(Controller::HaproxyCommunity)),
        ("haproxy.org/ingress-controller/x", Ok(Controller::HaproxyTechnologies)),
        ("ingress-controllers.konghq.com/kong", Err("Kong is not supported")),
        ("cilium.io/ingress-controller", Err("Cilium is not supported")),
        ("io.cilium/gateway-controller", Err("Cilium Gateway API is not supported")),
        ("gateway.envoyproxy.io/gatewayclass-controller", Err("Envoy Gateway is not supported")),
        ("gateway.nginx.org/nginx-gateway-controller", Err("NGINX Gateway Fabric is not")),
        ("gateway.networking.k8s.io/httproute", Err("Gateway API is not supported")),
        ("example.org/\u{1b}[31mmine", Err("example.org/[31mmine is not supported")),
        ("", Err(" is not supported")),
    ];
    for (class, expected) in table {
        match (Controller::of_class(class), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(refusal), Err(why)) => {
                assert!(refusal.to_string().starts_with(why), "{refusal}");
            }
            (found, expected) => panic!("{class}: {found:?} and not {expected:?}"),
        }
    }
}

#[test]
fn traefik_under_the_class_of_ingress_nginx_is_refused() {
    let running = |images: &[&str]| {
        let images: Vec<_> = images.iter().map(ToString::to_string).collect();
        Controller::running("k8s.io/ingress-nginx", &images)
    };
    assert_eq!(running(&["ingress-nginx/controller"]), Ok(Controller::IngressNginx));
    assert_eq!(running(&[]), Ok(Controller::IngressNginx));
    assert!(running(&["traefik"]).unwrap_err().to_string().contains("Traefik"));
}

#[test]
fn names_of_middlewares_fit_kubernetes() {
    let longest = IngressName::new("shop", &format!("{}x", "a.".repeat(126))).unwrap();
    assert_eq!(longest.name().len(), 253);
    for name in Controller::Traefik.middlewares(&longest) {
        IngressName::new("shop", &name).unwrap();
    }
}
