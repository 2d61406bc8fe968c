//! Which Ingress controller a container is, by its image and what it is started with.

/// An Ingress controller that a pod runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The `spec.controller` that it serves; for those that serve several, what they begin with.
    pub controller: String,
    /// Its image, without registry and tag.
    pub image: String,
}

const INGRESS_NGINX: &str = "k8s.io/ingress-nginx";

/// What a container of `image`, started with `words`, serves.
pub(super) fn serving(image: &str, words: &[String]) -> Vec<Serving> {
    let image = plain(image);
    let last = image.rsplit('/').next().unwrap_or_default();
    let is_ingress_nginx = image.ends_with("ingress-nginx/controller")
        || last == "nginx-ingress-controller"
        || words.iter().any(|word| word.ends_with("/nginx-ingress-controller"));
    let one = |controller: &str| {
        vec![Serving { controller: controller.to_owned(), image: image.to_owned() }]
    };
    if is_ingress_nginx {
        return one(flag(words, "--controller-class").unwrap_or(INGRESS_NGINX));
    }
    match last {
        "nginx-ingress" | "nginx-plus-ingress" => one("nginx.org/ingress-controller"),
        "traefik" => {
            let mut all = one("traefik.io/ingress-controller");
            all.extend(as_nginx(words).map(|controller| one(controller)).unwrap_or_default());
            all
        }
        "haproxy-ingress" => one("haproxy-ingress.github.io/controller"),
        "kubernetes-ingress" => one("haproxy.org/ingress-controller"),
        _ => Vec::new(),
    }
}

/// The controller of ingress-nginx that Traefik stands in for, where it is told to.
fn as_nginx(words: &[String]) -> Option<&str> {
    const PROVIDER: &str = "--providers.kubernetesingressnginx";
    let mut of_it = words.iter().filter(|word| starts_with(word, PROVIDER)).peekable();
    of_it.peek()?;
    if of_it.any(|word| word.to_ascii_lowercase() == format!("{PROVIDER}=false")) {
        return None;
    }
    let class =
        words.iter().filter(|word| starts_with(word, &format!("{PROVIDER}.controllerclass=")));
    Some(
        class
            .filter_map(|word| word.split_once('='))
            .map(|(_, class)| class)
            .next()
            .unwrap_or(INGRESS_NGINX),
    )
}

fn starts_with(word: &str, start: &str) -> bool {
    word.get(..start.len()).is_some_and(|word| word.eq_ignore_ascii_case(start))
}

/// The value of `name`, whether it stands behind `=` or is the next word.
fn flag<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| {
        word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    let word = words.get(at)?;
    word.split_once('=')
        .map_or_else(|| words.get(at + 1).map(String::as_str), |(_, value)| Some(value))
}

/// An image without registry, tag and digest.
fn plain(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let is_registry = first.contains(['.', ':']) || first == "localhost";
    let image = if is_registry || first.is_empty() { rest } else { image };
    image.rsplit_once(':').map_or(image, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controllers(image: &str, words: &[&str]) -> Vec<String> {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        serving(image, &words).into_iter().map(|one| one.controller).collect()
    }

    #[test]
    fn a_controller_is_known_by_its_image() {
        for (image, controller) in [
            ("registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:0f", INGRESS_NGINX),
            ("mirror:5000/k8s/ingress-nginx/controller", INGRESS_NGINX),
            ("rancher/nginx-ingress-controller:1", INGRESS_NGINX),
            ("nginx/nginx-ingress:4.0", "nginx.org/ingress-controller"),
            ("traefik:v3.5", "traefik.io/ingress-controller"),
            ("docker.io/library/traefik:v3", "traefik.io/ingress-controller"),
            ("quay.io/jcmoraisjr/haproxy-ingress:v0.15", "haproxy-ingress.github.io/controller"),
            ("haproxytech/kubernetes-ingress:3.0", "haproxy.org/ingress-controller"),
        ] {
            assert_eq!(controllers(image, &[]), [controller], "{image}");
        }
        assert!(controllers("nginx:1.27", &[]).is_empty());
    }

    #[test]
    fn traefik_serves_the_class_of_ingress_nginx_where_it_is_told_to() {
        let told = |words: &[&str]| controllers("traefik:v3.5", words);
        let own = "traefik.io/ingress-controller";
        assert_eq!(told(&["--providers.kubernetesIngressNGINX"]), [own, INGRESS_NGINX]);
        assert_eq!(told(&["--providers.kubernetesingressnginx=false"]), [own]);
        let class = "--providers.kubernetesingressnginx.controllerclass=example.com/nginx";
        assert_eq!(
            told(&["--providers.kubernetesingressnginx=true", class]),
            [own, "example.com/nginx"]
        );
    }

    #[test]
    fn a_controller_of_another_class_serves_that_class() {
        let image = "registry.k8s.io/ingress-nginx/controller:v1";
        for words in [
            &["--controller-class=k8s.io/internal"][..],
            &["--controller-class", "k8s.io/internal"],
        ] {
            assert_eq!(controllers(image, words), ["k8s.io/internal"]);
        }
    }
}
