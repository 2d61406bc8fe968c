//! What is usual of one service, to be kept and read again.

use serde::{Deserialize, Serialize};

use super::Service;
use crate::feature::{ALL_FEATURES, Vector};

/// What is usual of one service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Known {
    /// The service.
    pub service: Service,
    /// How many flows say so.
    pub samples: usize,
    /// The usual value of each feature, in the order of the catalogue.
    pub vector: Vector,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    protocol: u8,
    port: u16,
    samples: usize,
    usual: Vec<f32>,
}

impl From<Known> for Written {
    fn from(known: Known) -> Self {
        let Known { service: Service { protocol, port }, samples, vector } = known;
        Self { protocol, port, samples, usual: vector.into() }
    }
}

impl TryFrom<Written> for Known {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { protocol, port, samples, usual } = written;
        let found = usual.len();
        let vector: Vector = usual.try_into().map_err(|_| {
            format!("{found} usual values, where there are {ALL_FEATURES} features")
        })?;
        if let Some(value) = vector.iter().find(|value| !value.is_finite()) {
            return Err(format!("the usual value {value}, which is no finite number"));
        }
        Ok(Self { service: Service { protocol, port }, samples, vector })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_as_it_was_written() {
        let service = Service { protocol: 6, port: 443 };
        let vector = std::array::from_fn(|at| if at == 0 { 6.0 } else { 0.1 });
        let known = Known { service, samples: 64, vector };
        let written = serde_json::to_string(&known).unwrap();
        let head = r#"{"protocol":6,"port":443,"samples":64,"usual":[6.0,0.1,0.1,"#;
        assert!(written.starts_with(head), "{written}");
        assert_eq!(serde_json::from_str::<Known>(&written).unwrap(), known);
    }

    #[test]
    fn what_does_not_fit_the_catalogue_is_refused() {
        let read = |usual: &str| {
            let text = format!(r#"{{"protocol":6,"port":1,"samples":8,"usual":{usual}}}"#);
            serde_json::from_str::<Known>(&text).unwrap_err().to_string()
        };
        assert!(read("[1.0]").starts_with("1 usual values, where there are 146 features"));
        let huge = format!("[{}]", vec!["1e99"; ALL_FEATURES].join(","));
        assert!(read(&huge).starts_with("the usual value inf, which is no finite number"));
    }
}
