//! A shop in a cluster: an Ingress that helm limits, one that no limit can be set at, and a controller.

use serde_json::{Value, json};

use super::double::kube::ApiServer;

/// The annotation that limits requests a second.
pub const RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: { name: shop }
status: { phase: Active }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx }
spec: { controller: k8s.io/ingress-nginx }
---
apiVersion: v1
kind: Namespace
metadata: { name: ingress-nginx }
status: { phase: Active }
---
apiVersion: v1
kind: Pod
metadata: { name: ingress-nginx-controller-7d, namespace: ingress-nginx, uid: u-7d }
spec:
  nodeName: worker-1
  containers:
    - name: controller
      image: registry.k8s.io/ingress-nginx/controller:v1.13.0
      args: [/nginx-ingress-controller, --ingress-class=nginx]
status:
  phase: Running
  podIP: 10.244.1.5
  podIPs: [{ ip: 10.244.1.5 }]
  conditions: [{ type: Ready, status: 'True' }]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: kong }
spec: { controller: ingress-controllers.konghq.com/kong }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: other, namespace: shop }
spec: { ingressClassName: kong, rules: [{ host: other.example }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.7, selector: { app: web }, ports: [{ port: 80 }] }
";

/// Puts the shop into an API server: helm holds `shop/web` to 100 requests a second.
pub fn open(api: &ApiServer) {
    let web = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "shop", "annotations": { RPS: "100" } },
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{
                "host": "shop.example",
                "http": { "paths": [{
                    "path": "/", "pathType": "Prefix",
                    "backend": { "service": { "name": "web", "port": { "number": 80 } } },
                }] },
            }],
        },
    });
    api.with(|kube| {
        kube.seed_yaml(SHOP);
        kube.create_as("helm", &web).expect("it is taken");
    });
}

/// The Ingress `shop/web`, without what every write changes.
pub fn web(api: &ApiServer) -> Value {
    let mut web = api.with(|kube| kube.get("ingresses", "shop", "web"));
    let metadata = web["metadata"].as_object_mut().expect("it is there");
    metadata.remove("resourceVersion");
    let managers = metadata["managedFields"].as_array_mut().expect("it has managers");
    for manager in managers {
        manager["time"].take();
    }
    web
}
