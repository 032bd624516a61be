//! Records: settings that consist of named settings.

/// Declares a struct, and its value as a map of its fields by their names; what is left out, and
/// lists and maps with nothing in them, are not in the map.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub(crate) $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)*
        }

        impl $crate::value::ToValue for $name {
            fn to_value(&self) -> $crate::value::Value {
                $crate::value::Value::map([
                    $((stringify!($field), $crate::value::Value::of(&self.$field).unless_empty()),)*
                ])
            }
        }
    };
}
pub(crate) use record;
