//! The volumes of instances.

use std::ops::RangeInclusive;

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
    /// Maps a volume of the instance store, counted from 0: up to 23. Sets `VirtualName`.
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
        if let Some(name) = &self.virtual_name
            && !name.strip_prefix("ephemeral").is_some_and(|number| number.parse().is_ok_and(|number: u32| number < 24))
        {
            problems.report("V146", format!("{path}.virtual_name"), name, "must be ephemeral0 to ephemeral23");
        }
        problems.range("V140", &format!("{path}.size"), self.size, self.sizes());
        let iops = self.validate_iops(path, problems);
        self.validate_throughput(path, iops, problems);
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

    /// The sizes of the type in GiB, as CreateVolume documents them; where the type is left out,
    /// gp2 is AWS's default.
    fn sizes(&self) -> RangeInclusive<i32> {
        match self.volume_type {
            Some(VolumeType::Gp3) => 1..=65536,
            None | Some(VolumeType::Gp2) => 1..=16384,
            Some(VolumeType::Io2) => 4..=65536,
            Some(VolumeType::Io1) => 4..=16384,
            Some(VolumeType::St1 | VolumeType::Sc1) => 125..=16384,
            Some(VolumeType::Standard) => 1..=1024,
        }
    }

    /// Returns the I/O operations a second that the volume has, if that is known and right.
    fn validate_iops(&self, path: &str, problems: &mut Problems<'_>) -> Option<i32> {
        let path = format!("{path}.iops");
        let (bounds, for_each_gib) = match self.volume_type? {
            VolumeType::Gp3 => (3000..=80000, 500),
            VolumeType::Io1 => (100..=64000, 50),
            VolumeType::Io2 => (100..=256_000, 1000),
            kind => {
                if let Some(iops) = self.iops {
                    problems.report("V139", path, iops, format!("{kind} volumes have no setting for it"));
                }
                return None;
            }
        };
        let is_gp3 = self.volume_type == Some(VolumeType::Gp3);
        let Some(iops) = self.iops else {
            if !is_gp3 {
                problems.report("V139", path, "", "is required for io1 and io2");
            }
            return is_gp3.then_some(*bounds.start());
        };
        if !bounds.contains(&iops) {
            problems.range("V141", &path, Some(iops), bounds);
            return None;
        }
        // A gp3 volume has 3000, however small it is.
        let given = if is_gp3 { *bounds.start() } else { 0 };
        let size = self.size.filter(|size| self.sizes().contains(size));
        if let Some(size) = size.filter(|size| iops > size.saturating_mul(for_each_gib).max(given)) {
            let rule = format!("must be at most {for_each_gib} for each of the {size} GiB");
            problems.report("V143", path, iops, rule);
            return None;
        }
        Some(iops)
    }

    fn validate_throughput(&self, path: &str, iops: Option<i32>, problems: &mut Problems<'_>) {
        let Some(throughput) = self.throughput else { return };
        let path = format!("{path}.throughput");
        let bounds = 125..=2000;
        if self.volume_type.is_some_and(|kind| kind != VolumeType::Gp3) {
            problems.report("V142", path, throughput, "is only for gp3");
        } else if !bounds.contains(&throughput) {
            problems.range("V142", &path, Some(throughput), bounds);
        } else if let Some(iops) = iops.filter(|iops| throughput > iops / 4) {
            let rule = format!("must be at most a quarter of the {iops} I/O operations a second");
            problems.report("V143", path, throughput, rule);
        }
    }
}
