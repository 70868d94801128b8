//! The `people` interface of a plugin, which may lack it.

use wasmtime::component::{Component, ComponentExportIndex};

use super::interfaces::{PEOPLE, export_missing, offers};
use crate::Problem;

/// Where a component has the functions.
#[derive(Debug, Clone, Copy)]
pub(super) struct People {
    pub(super) find: ComponentExportIndex,
    pub(super) cover: ComponentExportIndex,
}

impl People {
    /// None where the component was made before there was such an interface.
    ///
    /// # Errors
    /// `export-missing` for one that has half of it.
    pub(super) fn of(component: &Component, exports: &[String]) -> Result<Option<Self>, Problem> {
        let name = exports
            .iter()
            .find(|name| offers(&[(*name).clone()], PEOPLE));
        let Some(name) = name else {
            return Ok(None);
        };
        let interface = component.get_export_index(None, name);
        let function = |function: &str| {
            let index = component.get_export_index(interface.as_ref(), function);
            index.ok_or_else(|| export_missing(&format!("{name}#{function}")))
        };
        Ok(Some(Self {
            find: function("find")?,
            cover: function("cover")?,
        }))
    }
}
