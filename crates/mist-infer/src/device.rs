//! Where the network runs.

use candle_core::Device;
use candle_core::utils::{cuda_is_available, metal_is_available};
use std::fmt;
use std::str::FromStr;

/// Why there is no such device.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Not the name of a kind of device.
    #[error("unknown device `{got}`, expected one of `auto`, `cpu`, `cuda`, `metal`")]
    Unknown {
        /// The name.
        got: String,
    },
    /// The binary was built without it.
    #[error(
        "device `{kind}` is not part of this build\n\
         hint: build with `--features {kind}`, or choose the device `auto` or `cpu`"
    )]
    NotBuilt {
        /// The device asked for.
        kind: DeviceKind,
    },
    /// The machine does not have one that works.
    #[error("device `{kind}` cannot be used: {what}")]
    Unusable {
        /// The device asked for.
        kind: DeviceKind,
        /// What its driver says.
        what: String,
    },
}

/// A kind of device, by the name that the command line uses.
///
/// ```
/// use mist_infer::DeviceKind;
///
/// assert_eq!("cpu".parse::<DeviceKind>()?, DeviceKind::Cpu);
/// assert!(DeviceKind::Auto.resolve().is_ok());
/// # Ok::<(), mist_infer::DeviceError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceKind {
    /// The first that works of CUDA, Metal, and the CPU.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
    /// The first Apple GPU.
    Metal,
}

impl DeviceKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Cpu, Self::Cuda, Self::Metal];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }

    /// The device itself.
    ///
    /// # Errors
    /// A device asked for by name that was not built in, or that the machine does not have. `Auto` never fails.
    pub fn resolve(self) -> Result<Device, DeviceError> {
        let open = |built: bool, new: fn(usize) -> candle_core::Result<Device>| {
            if !built {
                return Err(DeviceError::NotBuilt { kind: self });
            }
            // candle may append a backtrace.
            let reason = |e: candle_core::Error| e.to_string().lines().next().unwrap_or_default().to_owned();
            new(0).map_err(|e| DeviceError::Unusable { kind: self, what: reason(e) })
        };
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda => open(cuda_is_available(), Device::new_cuda),
            Self::Metal => open(metal_is_available(), Device::new_metal),
            Self::Auto => Ok(Self::first_usable().0),
        }
    }

    /// The device that `Auto` means, and what is wrong with the accelerator that was built in where that is the CPU.
    pub fn first_usable() -> (Device, Option<DeviceError>) {
        let mut unusable = None;
        for kind in [Self::Cuda, Self::Metal] {
            match kind.resolve() {
                Ok(device) => return (device, None),
                Err(DeviceError::NotBuilt { .. }) => {}
                Err(e) => unusable = Some(e),
            }
        }
        (Device::Cpu, unusable)
    }

    /// The kind of a device; never `Auto`.
    pub fn of(device: &Device) -> Self {
        match device {
            Device::Cpu => Self::Cpu,
            Device::Cuda(_) => Self::Cuda,
            Device::Metal(_) => Self::Metal,
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DeviceKind {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| DeviceError::Unknown { got: name.into() })
    }
}
