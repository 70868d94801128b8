//! Changes over LDAP (RFC 4511 sections 4.6 to 4.10), which only the administrator may make.

use std::io;

use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{
    LdapAddRequest, LdapCompareRequest, LdapModifyDNRequest, LdapModifyRequest, LdapModifyType,
    LdapOp, LdapResult,
};

use super::change::{Change, ChangeError};
use super::connection::{Connection, Flow, Who};
use super::tree::Tree;
use super::{reply, schema};
use crate::demo::Entry;

/// What only the server itself sets.
const NOT_FOR_USERS: [&str; 8] = [
    "entryUUID",
    "objectGUID",
    "nsUniqueId",
    "ipaUniqueID",
    "createTimestamp",
    "modifyTimestamp",
    "memberOf",
    "entryCSN",
];

impl Connection {
    pub(super) async fn add(&mut self, id: i32, request: LdapAddRequest) -> io::Result<Flow> {
        let mut entry = Entry::new(request.dn);
        let names: Vec<String> = request.attributes.iter().map(|a| a.atype.clone()).collect();
        for attribute in request.attributes {
            entry.set(schema::canonical(&attribute.atype), attribute.vals);
        }
        let result = self.change(&names, |tree| tree.add(entry));
        self.send_op(id, LdapOp::AddResponse(result)).await
    }

    pub(super) async fn modify(&mut self, id: i32, request: LdapModifyRequest) -> io::Result<Flow> {
        let mut changes = Vec::new();
        for change in request.changes {
            let (name, values) = (change.modification.atype, change.modification.vals);
            changes.push(match change.operation {
                LdapModifyType::Add => Change::Add(name, values),
                LdapModifyType::Delete => Change::Delete(name, values),
                LdapModifyType::Replace => Change::Replace(name, values),
                LdapModifyType::Increment => {
                    let refused = reply::result(
                        LdapResultCode::UnwillingToPerform,
                        "increment not supported",
                    );
                    return self.send_op(id, LdapOp::ModifyResponse(refused)).await;
                }
            });
        }
        let names: Vec<String> = changes.iter().map(|c| c.attribute().to_owned()).collect();
        let result = self.change(&names, |tree| tree.modify(&request.dn, &changes));
        self.send_op(id, LdapOp::ModifyResponse(result)).await
    }

    pub(super) async fn modify_dn(
        &mut self,
        id: i32,
        request: LdapModifyDNRequest,
    ) -> io::Result<Flow> {
        let LdapModifyDNRequest {
            dn,
            newrdn,
            deleteoldrdn,
            new_superior,
        } = request;
        let result = self.change(&[], |tree| {
            tree.rename(&dn, &newrdn, deleteoldrdn, new_superior.as_deref())
        });
        self.send_op(id, LdapOp::ModifyDNResponse(result)).await
    }

    pub(super) async fn delete(&mut self, id: i32, dn: &str) -> io::Result<Flow> {
        let result = self.change(&[], |tree| tree.delete(dn));
        self.send_op(id, LdapOp::DelResponse(result)).await
    }

    pub(super) async fn compare(
        &mut self,
        id: i32,
        request: &LdapCompareRequest,
    ) -> io::Result<Flow> {
        let compared = {
            let tree = self.shared.tree();
            let syntax = schema::syntax(&request.atype);
            let wanted = syntax.normal(&request.val);
            tree.get(&request.dn).map(|node| {
                let values = node.entry.values(&schema::canonical(&request.atype));
                values.iter().any(|value| syntax.normal(value) == wanted)
            })
        };
        let result = match compared {
            _ if !self.may_read() => reply::result(LdapResultCode::NoSuchObject, ""),
            _ if request.atype.eq_ignore_ascii_case("userPassword") => {
                reply::result(LdapResultCode::InsufficentAccessRights, "")
            }
            Ok(true) => reply::result(LdapResultCode::CompareTrue, ""),
            Ok(false) => reply::result(LdapResultCode::CompareFalse, ""),
            Err(error) => refusal(&error),
        };
        self.send_op(id, LdapOp::CompareResult(result)).await
    }

    fn change(
        &self,
        names: &[String],
        change: impl FnOnce(&mut Tree) -> Result<(), ChangeError>,
    ) -> LdapResult {
        if self.who != Who::Admin {
            return reply::result(LdapResultCode::InsufficentAccessRights, "no write access");
        }
        let set_by_server = |name: &String| {
            NOT_FOR_USERS
                .iter()
                .any(|n| n.eq_ignore_ascii_case(schema::base(name)))
        };
        if names.iter().any(set_by_server) {
            return reply::result(
                LdapResultCode::ConstraintViolation,
                "no user modification allowed",
            );
        }
        match change(&mut self.shared.tree_mut()) {
            Ok(()) => reply::result(LdapResultCode::Success, ""),
            Err(error) => refusal(&error),
        }
    }
}

fn refusal(error: &ChangeError) -> LdapResult {
    let mut result = reply::result(error.code(), "");
    if let ChangeError::NoSuchEntry { matched, .. } = error {
        result.matcheddn.clone_from(matched);
    }
    result
}
