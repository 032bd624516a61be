//! What is launched: an image, instance types, and the script of the first boot.

use std::fmt;

use crate::id::ImageId;
use crate::input::{Input, IntoInput, sources};
use crate::lookup::Image;
use crate::resource::InstanceRequirements;
use crate::value::{FromValue, ToValue, Value};

/// A machine image, by its id, or by the Systems Manager parameter that holds the id.
///
/// ```
/// use purlin::{ImageSource, LaunchTemplate};
///
/// let latest = ImageSource::parameter("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64");
/// let template = LaunchTemplate::builder().name("Web").image(latest).instance_type("t3.micro").build();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSource(pub(crate) String);

/// How the API marks a parameter.
const PARAMETER: &str = "resolve:ssm:";

impl ImageSource {
    /// Takes the image whose id a Systems Manager parameter holds at each launch. The parameter is
    /// named by name or ARN, with `:version` or `:label` behind it if need be.
    pub fn parameter(name: impl AsRef<str>) -> Self {
        Self(format!("{PARAMETER}{}", name.as_ref()))
    }

    pub(crate) fn is_parameter(&self) -> bool {
        self.0.starts_with(PARAMETER)
    }
}

impl From<ImageId> for ImageSource {
    fn from(image: ImageId) -> Self {
        Self(image.into())
    }
}

impl ToValue for ImageSource {
    fn to_value(&self) -> Value {
        Value::of(&self.0)
    }
}

impl FromValue for ImageSource {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_text().map(|text| Self(text.to_owned()))
    }
}

impl IntoInput<Self> for ImageSource {
    fn into_input(self) -> Input<Self> {
        Input::known(self)
    }
}

impl IntoInput<ImageSource> for ImageId {
    fn into_input(self) -> Input<ImageSource> {
        Input::known(self.into())
    }
}

sources! {
    Image => "id": ImageSource;
}

/// Which instance types may be launched: one by name, or all that fulfil requirements.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InstanceSelection {
    /// This one, such as `t2.micro`.
    Type(String),
    /// Those that have this.
    Requirements(Box<InstanceRequirements>),
}

impl From<&str> for InstanceSelection {
    fn from(name: &str) -> Self {
        Self::Type(name.to_owned())
    }
}

impl From<String> for InstanceSelection {
    fn from(name: String) -> Self {
        Self::Type(name)
    }
}

impl From<InstanceRequirements> for InstanceSelection {
    fn from(requirements: InstanceRequirements) -> Self {
        Self::Requirements(Box::new(requirements))
    }
}

impl InstanceSelection {
    pub(crate) fn name(&self) -> Option<&String> {
        match self {
            Self::Type(name) => Some(name),
            Self::Requirements(_) => None,
        }
    }

    pub(crate) fn requirements(&self) -> Option<&InstanceRequirements> {
        match self {
            Self::Type(_) => None,
            Self::Requirements(requirements) => Some(requirements),
        }
    }
}

/// A script or cloud-init document; never shown, only its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(pub(crate) Vec<u8>);

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData({} bytes)", self.0.len())
    }
}

impl From<&str> for UserData {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for UserData {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<Vec<u8>> for UserData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl ToValue for UserData {
    fn to_value(&self) -> Value {
        // What is no text is compared by its bytes, too.
        Value::Text(std::str::from_utf8(&self.0).map_or_else(|_| format!("{:02x?}", self.0), ToOwned::to_owned))
    }
}
