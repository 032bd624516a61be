//! The volumes that a launch makes of the image and the template's block device mappings.
//!
//! EC2 checks volumes at launch, not when a launch template is created.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use aws_sdk_ec2::types::{self as sdk, VolumeType};

use super::image::Image;
use super::resource::{conflict, invalid, missing};
use super::volume::VolumeSpec;
use crate::sim::error::ApiError;

/// What EBS documents for a volume type.
struct Limits {
    /// In GiB.
    size: RangeInclusive<i32>,
    iops: Option<Iops>,
    /// In MiB/s.
    throughput: Option<RangeInclusive<i32>>,
}

struct Iops {
    range: RangeInclusive<i32>,
    required: bool,
    /// The most IOPS for each GiB.
    per_gib: i64,
}

/// What a gp3 volume has when nothing is asked for; it also is free of the IOPS per GiB limit.
const GP3_IOPS: i32 = 3000;
const GP3_THROUGHPUT: i32 = 125;

fn limits(volume_type: &VolumeType) -> Result<Limits, ApiError> {
    let plain = |size| Limits { size, iops: None, throughput: None };
    let provisioned = |size, iops, per_gib| Limits {
        size,
        iops: Some(Iops { range: iops, required: true, per_gib }),
        throughput: None,
    };
    Ok(match volume_type {
        VolumeType::Gp2 => plain(1..=16384),
        VolumeType::Gp3 => Limits {
            size: 1..=65536,
            iops: Some(Iops { range: GP3_IOPS..=80000, required: false, per_gib: 500 }),
            throughput: Some(GP3_THROUGHPUT..=2000),
        },
        VolumeType::Io1 => provisioned(4..=16384, 100..=64000, 50),
        VolumeType::Io2 => provisioned(4..=65536, 100..=256_000, 1000),
        VolumeType::St1 | VolumeType::Sc1 => plain(125..=16384),
        VolumeType::Standard => plain(1..=1024),
        other => return Err(invalid(format!("Invalid value '{other}' for volumeType."))),
    })
}

/// The volumes of an instance, the root volume first.
pub(super) fn volumes(
    image: &Image,
    mappings: &[sdk::LaunchTemplateBlockDeviceMappingRequest],
) -> Result<Vec<VolumeSpec>, ApiError> {
    let mut root = VolumeSpec {
        device: image.root_device.clone(),
        size: image.root_size,
        volume_type: VolumeType::Gp3,
        iops: Some(GP3_IOPS),
        throughput: Some(GP3_THROUGHPUT),
        encrypted: false,
        kms_key: None,
        snapshot: Some(image.snapshot.clone()),
        delete_on_termination: true,
    };
    let mut others = Vec::new();
    let mut devices = BTreeSet::new();
    for mapping in mappings {
        let device = mapping.device_name().ok_or_else(|| missing("deviceName"))?;
        if !devices.insert(device) {
            return Err(invalid_mapping(format!("Duplicate device name '{device}' in the block device mapping")));
        }
        let is_root = device == image.root_device;
        match (mapping.ebs(), mapping.virtual_name()) {
            (Some(_), Some(_)) => {
                return Err(conflict("The parameter virtualName cannot be used with the parameter ebs"));
            }
            (Some(ebs), None) if is_root => root = volume(device, ebs, Some(image))?,
            (Some(ebs), None) => others.push(volume(device, ebs, None)?),
            // The types of the simulation have no instance store; AWS ignores the mapping then.
            (None, Some(name)) => check_virtual_name(name)?,
            (None, None) if mapping.no_device().is_some() && !is_root => {}
            (None, None) => {
                return Err(invalid_mapping(format!("The device '{device}' must have a volume or a virtual name")));
            }
        }
    }
    Ok(std::iter::once(root).chain(others).collect())
}

fn invalid_mapping(message: String) -> ApiError {
    ApiError::new("InvalidBlockDeviceMapping", message)
}

fn check_virtual_name(name: &str) -> Result<(), ApiError> {
    if name.strip_prefix("ephemeral").is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number < 24)) {
        return Ok(());
    }
    Err(invalid_mapping(format!("Invalid virtual name '{name}': must be ephemeral0 to ephemeral23")))
}

/// A volume as the template asks for it; the root volume starts from the image's.
fn volume(
    device: &str,
    ebs: &sdk::LaunchTemplateEbsBlockDeviceRequest,
    image: Option<&Image>,
) -> Result<VolumeSpec, ApiError> {
    let default_type = if image.is_some() { VolumeType::Gp3 } else { VolumeType::Gp2 };
    let volume_type = ebs.volume_type().cloned().unwrap_or(default_type);
    let snapshot = ebs.snapshot_id().map(str::to_owned).or_else(|| image.map(|image| image.snapshot.clone()));
    let snapshot_size = image.map(|image| image.root_size);
    // The sizes of other snapshots are not known; the smallest volume stands for them.
    let size = ebs
        .volume_size()
        .or(snapshot_size)
        .or_else(|| snapshot.as_ref().map(|_| 1))
        .ok_or_else(|| missing("size or snapshotId"))?;
    if let Some(least) = snapshot_size.filter(|least| size < *least) {
        let snapshot = snapshot.unwrap_or_default();
        return Err(invalid_mapping(format!(
            "Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {least}GB"
        )));
    }
    if ebs.snapshot_id().is_some() && ebs.encrypted().is_some() {
        return Err(conflict(format!(
            "the encrypted flag cannot be specified since device {device} has a snapshot specified."
        )));
    }
    if ebs.kms_key_id().is_some() && ebs.encrypted() != Some(true) {
        return Err(ApiError::new(
            "InvalidParameterDependency",
            "The parameter KmsKeyId requires the parameter Encrypted to be set.",
        ));
    }
    if let Some(rate) = ebs.volume_initialization_rate() {
        if snapshot.is_none() {
            return Err(conflict("The parameter volumeInitializationRate requires a snapshot"));
        }
        check_range("volumeInitializationRate", rate, &(100..=300))?;
    }
    let (iops, throughput) = check_performance(&volume_type, size, ebs.iops(), ebs.throughput())?;
    Ok(VolumeSpec {
        device: device.to_owned(),
        size,
        volume_type,
        iops,
        throughput,
        encrypted: ebs.encrypted().unwrap_or(false),
        kms_key: ebs.kms_key_id().map(str::to_owned),
        snapshot,
        delete_on_termination: ebs.delete_on_termination().unwrap_or(true),
    })
}

fn check_range(parameter: &str, value: i32, range: &RangeInclusive<i32>) -> Result<(), ApiError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(invalid(format!(
        "Value ({value}) for parameter {parameter} is invalid. Expecting a value between {} and {}.",
        range.start(),
        range.end()
    )))
}

/// The IOPS and the throughput that a volume gets.
fn check_performance(
    volume_type: &VolumeType,
    size: i32,
    iops: Option<i32>,
    throughput: Option<i32>,
) -> Result<(Option<i32>, Option<i32>), ApiError> {
    let limits = limits(volume_type)?;
    let unsupported =
        |parameter: &str| conflict(format!("The parameter {parameter} is not supported for {volume_type} volumes."));
    check_range("volumeSize", size, &limits.size)?;
    match (iops, &limits.iops) {
        (Some(_), None) => return Err(unsupported("iops")),
        (None, Some(Iops { required: true, .. })) => return Err(missing("iops")),
        (Some(iops), Some(Iops { range, per_gib, .. })) => {
            check_range("iops", iops, range)?;
            let is_baseline = *volume_type == VolumeType::Gp3 && iops == GP3_IOPS;
            if i64::from(iops) > i64::from(size) * per_gib && !is_baseline {
                return Err(invalid(format!(
                    "Iops to volume size ratio of {iops}:{size} is too high; maximum is {per_gib}:1"
                )));
            }
        }
        (None, _) => {}
    }
    match (throughput, &limits.throughput) {
        (Some(_), None) => return Err(unsupported("throughput")),
        (Some(throughput), Some(range)) => {
            check_range("throughput", throughput, range)?;
            if throughput > iops.unwrap_or(GP3_IOPS) / 4 {
                return Err(invalid(format!(
                    "Throughput (MiBps) to iops ratio of {throughput}:{} is too high; maximum is 0.250000 MiBps per iops",
                    iops.unwrap_or(GP3_IOPS)
                )));
            }
        }
        (None, _) => {}
    }
    if *volume_type == VolumeType::Gp3 {
        return Ok((iops.or(Some(GP3_IOPS)), throughput.or(Some(GP3_THROUGHPUT))));
    }
    Ok((iops, throughput))
}
