//! The volumes of instances.

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::resource::names::names;
use crate::resource::record::record;

names! {
    /// The type of an EBS volume.
    VolumeType {
        /// General purpose: 1 to 65536 GiB.
        Gp3 = "gp3",
        /// General purpose, older: 1 to 16384 GiB.
        Gp2 = "gp2",
        /// Provisioned IOPS: 4 to 65536 GiB.
        Io2 = "io2",
        /// Provisioned IOPS, older: 4 to 16384 GiB.
        Io1 = "io1",
        /// Throughput on magnetic disks: 125 to 16384 GiB.
        St1 = "st1",
        /// Cold data on magnetic disks: 125 to 16384 GiB.
        Sc1 = "sc1",
        /// Magnetic, of the first generation: 1 to 1024 GiB.
        Standard = "standard",
    }
}

record! {
    /// A volume of the instances.
    ///
    /// ```
    /// use purlin::{BlockDevice, LaunchTemplate, VolumeType};
    ///
    /// let root = BlockDevice::builder().device("/dev/xvda").size(20).volume_type(VolumeType::Gp3).build();
    /// let template = LaunchTemplate::builder()
    ///     .name("Web")
    ///     .block_device(root)
    ///     .block_device(BlockDevice::instance_store("/dev/sdb", 0))
    ///     .block_device(BlockDevice::omitted("/dev/sdc"))
    ///     .build();
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct BlockDevice {
        /// The device name, such as `/dev/xvda` for the root of Amazon Linux. Sets `DeviceName`.
        #[builder(!default, setter(into, !strip_option))]
        pub(crate) device: String,
        /// The size in GiB; left out, that of the image or snapshot. Sets `Ebs.VolumeSize`.
        pub(crate) size: Option<i32>,
        /// The type. Sets `Ebs.VolumeType`.
        pub(crate) volume_type: Option<VolumeType>,
        /// I/O operations a second; needed for io1 and io2, 3000 to 80000 for gp3. Sets `Ebs.Iops`.
        pub(crate) iops: Option<i32>,
        /// MiB a second of a gp3 volume: 125 to 2000. Sets `Ebs.Throughput`.
        pub(crate) throughput: Option<i32>,
        /// Whether the volume is encrypted. Sets `Ebs.Encrypted`.
        pub(crate) encrypted: Option<bool>,
        /// The KMS key of an encrypted volume. Sets `Ebs.KmsKeyId`.
        #[builder(setter(into))]
        pub(crate) kms_key: Option<String>,
        /// The snapshot that the volume starts from. Sets `Ebs.SnapshotId`.
        #[builder(setter(into))]
        pub(crate) snapshot: Option<String>,
        /// Whether the volume goes with the instance. Sets `Ebs.DeleteOnTermination`.
        pub(crate) delete_on_termination: Option<bool>,
        /// MiB a second at which the volume is filled from its snapshot: 100 to 300. AWS's default is
        /// as fast as it comes. Sets `Ebs.VolumeInitializationRate`.
        pub(crate) initialization_rate: Option<i32>,
        /// The EBS card, on instance types that have several. AWS's default is 0. Sets
        /// `Ebs.EbsCardIndex`.
        pub(crate) ebs_card: Option<i32>,
        #[builder(setter(skip))]
        pub(crate) virtual_name: Option<String>,
        #[builder(setter(skip))]
        pub(crate) no_device: Option<bool>,
    }
}

impl BlockDevice {
    /// Maps a volume of the instance store, counted from 0. Sets `VirtualName`.
    pub fn instance_store(device: impl Into<String>, number: u32) -> Self {
        Self { virtual_name: Some(format!("ephemeral{number}")), ..Self::builder().device(device).build() }
    }

    /// Leaves out a device that the image has. Sets `NoDevice`.
    pub fn omitted(device: impl Into<String>) -> Self {
        Self { no_device: Some(true), ..Self::builder().device(device).build() }
    }

    /// Whether the device is an EBS volume.
    pub(crate) fn is_volume(&self) -> bool {
        self.virtual_name.is_none() && self.no_device.is_none()
    }
}

impl BlockDevice {
    pub(super) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        // CreateVolume documents the bounds; where the type is left out, gp2 is AWS's default.
        let (size, iops) = match self.volume_type {
            Some(VolumeType::Gp3) => (1..=65536, Some(3000..=80000)),
            None | Some(VolumeType::Gp2) => (1..=16384, None),
            Some(VolumeType::Io2) => (4..=65536, Some(100..=256_000)),
            Some(VolumeType::Io1) => (4..=16384, Some(100..=64000)),
            Some(VolumeType::St1 | VolumeType::Sc1) => (125..=16384, None),
            Some(VolumeType::Standard) => (1..=1024, None),
        };
        problems.range("V140", &format!("{path}.size"), self.size, size);
        match (iops, self.iops) {
            (Some(bounds), _) => problems.range("V141", &format!("{path}.iops"), self.iops, bounds),
            (None, Some(iops)) if self.volume_type.is_some() => {
                problems.report("V139", format!("{path}.iops"), iops, "this volume type has no setting for it");
            }
            _ => {}
        }
        if matches!(self.volume_type, Some(VolumeType::Io1 | VolumeType::Io2)) && self.iops.is_none() {
            problems.report("V139", format!("{path}.iops"), "", "is required for io1 and io2");
        }
        problems.range("V142", &format!("{path}.throughput"), self.throughput, 125..=2000);
        if let Some(throughput) = self.throughput
            && self.volume_type.is_some_and(|kind| kind != VolumeType::Gp3)
        {
            problems.report("V142", format!("{path}.throughput"), throughput, "is only for gp3");
        }
        self.validate_ratios(path, problems);
        problems.range("V144", &format!("{path}.initialization_rate"), self.initialization_rate, 100..=300);
        if let (Some(encrypted), Some(_)) = (self.encrypted, &self.snapshot) {
            problems.report(
                "V145",
                format!("{path}.encrypted"),
                encrypted,
                "cannot be set on a volume from a snapshot, which is as the snapshot is",
            );
        }
    }

    /// How many I/O operations a volume may have for its size, and how much throughput for those.
    fn validate_ratios(&self, path: &str, problems: &mut Problems<'_>) {
        let for_each_gib = match self.volume_type {
            Some(VolumeType::Gp3) => 500,
            Some(VolumeType::Io1) => 50,
            Some(VolumeType::Io2) => 1000,
            _ => return,
        };
        // A gp3 volume has 3000, however small it is.
        let given = if self.volume_type == Some(VolumeType::Gp3) { 3000 } else { 0 };
        if let (Some(iops), Some(size)) = (self.iops, self.size)
            && i64::from(iops) > (for_each_gib * i64::from(size)).max(given)
        {
            let rule = format!("must be at most {for_each_gib} for each of the {size} GiB");
            problems.report("V143", format!("{path}.iops"), iops, rule);
        }
        if self.volume_type == Some(VolumeType::Gp3)
            && let Some(throughput) = self.throughput
            && throughput.saturating_mul(4) > self.iops.unwrap_or(3000)
        {
            problems.report(
                "V143",
                format!("{path}.throughput"),
                throughput,
                "must be at most a quarter of the I/O operations a second",
            );
        }
    }
}
