//! What the OpenAPI document says of every route alike, so that no route has to say it and none forgets: what any of them may refuse
//! with, in which words, and what each is called.

use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response};

/// The schema of a problem document.
const TROUBLE: &str = "Document";
const TROUBLE_KIND: &str = "application/problem+json";
/// Below it every route reaches the database.
const VERSIONED: &str = "/api/v1/";
const OF_A_TENANT: &str = "/api/v1/tenants/{tenant}";

/// A refusal that many routes share.
struct Shared {
    status: &'static str,
    name: &'static str,
    words: &'static str,
}

const SHARED: [Shared; 7] = [
    Shared {
        status: "401",
        name: "NotAuthenticated",
        words: "No token and no session was shown, or one that is not good: `not-authenticated`.",
    },
    Shared {
        status: "403",
        name: "NotAllowed",
        words: "The caller's rank or reach is too small (`rank-too-low`, `reach-too-small`), or a browser was made to ask by another site's page (`cross-site`).",
    },
    Shared {
        status: "408",
        name: "TooSlow",
        words: "The request's body did not arrive in time: `body-too-slow`.",
    },
    Shared {
        status: "413",
        name: "TooLarge",
        words: "The request's body is larger than is taken: `body-too-large`, `component-too-large`.",
    },
    Shared {
        status: "422",
        name: "NotDone",
        words: "The request cannot be read (`bad-request`), or what it asks for cannot be: the code says why, and where it is about fields, each wrong one is among the problems.",
    },
    Shared {
        status: "429",
        name: "TooMany",
        words: "Too many requests of the tenant are being answered: `too-many-requests`. `Retry-After` says when to ask again.",
    },
    Shared {
        status: "503",
        name: "Busy",
        words: "The database, or what hashes passwords, is busy: `store-busy`, `login-busy`. It is worth asking again.",
    },
];

/// Completes the document.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    share(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(method, path));
            for shared in SHARED {
                if may(shared.status, method, path, operation) {
                    let answer = RefOr::Ref(Ref::from_response_name(shared.name));
                    let answers = &mut operation.responses.responses;
                    answers.entry(shared.status.to_owned()).or_insert(answer);
                }
            }
            for (status, answer) in &mut operation.responses.responses {
                if let RefOr::T(answer) = answer {
                    tell(status, answer);
                }
            }
        }
    }
}

fn share(components: &mut Components) {
    for shared in SHARED {
        let mut answer = Response::new(shared.words);
        let content = Content::new(Some(Ref::from_schema_name(TROUBLE)));
        answer
            .content
            .insert(TROUBLE_KIND.to_owned(), content.into());
        components
            .responses
            .insert(shared.name.to_owned(), answer.into());
    }
}

/// Whether a route can answer with a status that is shared.
fn may(status: &str, method: &str, path: &str, operation: &Operation) -> bool {
    let versioned = path.starts_with(VERSIONED);
    let open = operation.security.as_ref().is_some_and(|security| {
        let nothing = SecurityRequirement::default();
        security.contains(&nothing)
    });
    let of_a_tenant = path.starts_with(OF_A_TENANT);
    let changes = method != "get";
    match status {
        "401" => versioned && !open,
        // Whoever may look at a tenant at all may look; what concerns all of them is for some.
        "403" => {
            let own = of_a_tenant || path == "/api/v1/tenants" || path == "/api/v1/session";
            versioned && (changes || !own)
        }
        "408" | "413" => operation.request_body.is_some(),
        "422" => {
            let named = operation.parameters.iter().flatten();
            let mut named = named.filter_map(|one| match one {
                RefOr::T(parameter) => Some(&parameter.parameter_in),
                RefOr::Ref(_) => None,
            });
            let reads = named.any(|place| *place != ParameterIn::Header);
            reads || operation.request_body.is_some()
        }
        "429" => of_a_tenant,
        "503" => versioned,
        _ => false,
    }
}

/// Gives an answer the words of its status, and trouble its content type.
fn tell(status: &str, answer: &mut Response) {
    if answer.description.is_empty() {
        answer.description = words(status).to_owned();
    }
    let trouble = answer.content.values().any(is_trouble);
    if trouble && let Some(content) = answer.content.shift_remove("application/json") {
        answer.content.insert(TROUBLE_KIND.to_owned(), content);
    }
}

fn is_trouble(content: &RefOr<Content>) -> bool {
    let RefOr::T(content) = content else {
        return false;
    };
    let Some(RefOr::Ref(schema)) = &content.schema else {
        return false;
    };
    schema.ref_location.rsplit('/').next() == Some(TROUBLE)
}

fn words(status: &str) -> &'static str {
    match status {
        "200" => "It was done, or this is what there is.",
        "201" => "It was made.",
        "202" => "It was asked for, and will be done.",
        "204" => "It was done, and there is nothing to tell.",
        "401" => "Nobody is let in by what was shown.",
        "404" => "There is no such thing, or it is out of the caller's reach.",
        "409" => "It cannot be done as things stand; the code says why.",
        "410" => "It was there, and is kept no longer.",
        "412" => "What was looked at has changed since. Nothing was changed.",
        "422" => "What was asked for cannot be; the code says why.",
        "428" => "The request does not say what it is a change of.",
        "429" => "There were too many tries; `Retry-After` says when to try again.",
        "503" => "It cannot serve.",
        _ => "See the code.",
    }
}

/// The same for ever, and once in the document: the method and the address.
fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix(VERSIONED).unwrap_or(path);
    let mut words = vec![method];
    words.extend(path.split(|c: char| !c.is_ascii_alphanumeric()));
    words.retain(|word| !word.is_empty());
    words.join("_")
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::super::api::{document, every};
    use super::*;

    fn told() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value.as_str() {
                        Some(place) if key == "$ref" => {
                            found.insert(place);
                        }
                        _ => references(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|one| references(one, found)),
            _ => {}
        }
    }

    /// Every route with its method and path.
    fn each(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods
                .iter()
                .map(|(method, told)| (method.clone(), path.clone(), told.clone()))
        });
        all.collect()
    }

    #[test]
    fn every_reference_leads_somewhere_and_everything_is_referred_to() {
        let document = told();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for place in &found {
            let place = place.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{place}");
        }
        for kind in ["schemas", "responses"] {
            let there = document["components"][kind].as_object().unwrap();
            assert!(there.len() > 5, "{kind}");
            for name in there.keys() {
                let place = format!("#/components/{kind}/{name}");
                assert!(found.contains(place.as_str()), "{place} is of no use");
            }
        }
    }

    #[test]
    fn no_two_types_share_a_name() {
        let mut known = BTreeMap::new();
        for (schemas, _, _) in every() {
            for (name, schema) in schemas {
                let one = serde_json::to_value(&schema).unwrap();
                let other = known.entry(name.clone()).or_insert_with(|| one.clone());
                assert_eq!(one, *other, "two types are called {name}");
            }
        }
        assert!(known.contains_key("ListedToken") && known.contains_key("ListedTenant"));
    }

    #[test]
    fn no_two_routes_share_a_name_and_every_answer_has_words() {
        let document = told();
        let mut names = BTreeSet::new();
        for (method, path, route) in each(&document) {
            let name = route["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path}");
            for (status, answer) in route["responses"].as_object().unwrap() {
                let answer = match answer["$ref"].as_str() {
                    Some(place) => document.pointer(&place[1..]).unwrap(),
                    None => answer,
                };
                let words = answer["description"].as_str().unwrap_or_default();
                assert!(!words.is_empty(), "{method} {path} {status}");
                if status.starts_with('4') {
                    let kinds = answer["content"].as_object().unwrap().keys();
                    assert_eq!(kinds.collect::<Vec<_>>(), [TROUBLE_KIND], "{path} {status}");
                }
            }
        }
    }

    #[test]
    fn a_route_says_what_it_may_refuse_with_and_nothing_else() {
        let document = told();
        let says = |method: &str, path: &str, status: &str| {
            let route = &document["paths"][path][method];
            assert!(route.is_object(), "{method} {path}");
            route["responses"].get(status).is_some()
        };
        let of_a_tenant = "/api/v1/tenants/{tenant}/settings";
        for (method, path, statuses, not) in [
            (
                "get",
                of_a_tenant,
                &["401", "429", "503"][..],
                &["403", "413"][..],
            ),
            (
                "patch",
                of_a_tenant,
                &["401", "403", "408", "413", "422", "429", "503"],
                &[],
            ),
            (
                "get",
                "/api/v1/audit",
                &["401", "403", "422", "503"],
                &["429", "413"],
            ),
            (
                "get",
                "/api/v1/tenants",
                &["401", "503"],
                &["403", "422", "429"],
            ),
            (
                "post",
                "/api/v1/session",
                &["401", "403", "413", "429", "503"],
                &[],
            ),
            ("post", "/api/v1/setup", &["403", "429", "503"], &["401"]),
            ("get", "/healthz", &["200"], &["401", "403", "503"]),
            ("get", "/metrics", &["200"], &["401", "403", "429"]),
            ("get", "/readyz", &["200", "503"], &["401", "403"]),
        ] {
            for status in statuses {
                assert!(says(method, path, status), "{method} {path} {status}");
            }
            for status in not {
                assert!(!says(method, path, status), "{method} {path} {status}");
            }
        }
    }

    #[test]
    fn headers_that_a_route_reads_are_among_its_parameters() {
        let document = told();
        let mut named = Vec::new();
        for (method, path, route) in each(&document) {
            let parameters = route["parameters"].as_array().into_iter().flatten();
            for one in parameters.filter(|one| one["in"] == "header") {
                let rest = path.strip_prefix(OF_A_TENANT).unwrap();
                let header = one["name"].as_str().unwrap();
                named.push(format!("{method} {rest} {header} {}", one["required"]));
                assert!(
                    one["description"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty()),
                    "{header}"
                );
            }
        }
        named.sort_unstable();
        assert_eq!(
            named,
            [
                "get /runs/{run}/events Last-Event-ID false",
                "patch /settings If-Match true",
                "post /plugin Idempotency-Key false",
                "post /runs Idempotency-Key false",
                "post /runs/{run}/undo Idempotency-Key false",
                "put /mapping If-Match true",
                "put /schedule If-Match true",
            ]
        );
    }
}
