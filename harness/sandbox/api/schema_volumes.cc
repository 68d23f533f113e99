// Fields of the volumes of pods. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaVolumes = R"table(
= core.GCEPersistentDiskVolumeSource |
pdName! string | Name of the disk.
fsType string | Type of the file system.
partition int32 | The partition.
readOnly bool | Whether it may only be read.
= core.AWSElasticBlockStoreVolumeSource |
volumeID! string | Id of the volume.
fsType string | Type of the file system.
partition int32 | The partition.
readOnly bool | Whether it may only be read.
= core.HostPathVolumeSource |
path! string | The path.
type string | The type.
= core.GlusterfsPersistentVolumeSource |
endpoints! string | The endpoints.
path! string | The path.
readOnly bool | Whether it may only be read.
endpointsNamespace string | Namespace of the endpoints.
= core.NFSVolumeSource |
server! string | Address of the server.
path! string | The path.
readOnly bool | Whether it may only be read.
= core.RBDPersistentVolumeSource |
monitors! []string | Addresses of the monitors.
image! string | The image.
fsType string | Type of the file system.
pool string | Pool that holds the image.
user string | The user.
keyring string | Path of the keyring.
secretRef SecretReference | The Secret.
readOnly bool | Whether it may only be read.
= core.ISCSIPersistentVolumeSource |
targetPortal! string | Portal of the target.
iqn! string | Name of the target.
lun! int32 | Number of the logical unit.
iscsiInterface string | Interface to use.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
portals []string | More portals.
chapAuthDiscovery bool | Whether discovery uses CHAP.
chapAuthSession bool | Whether the session uses CHAP.
secretRef SecretReference | The Secret.
initiatorName string | Initiator to use.
= core.CinderPersistentVolumeSource |
volumeID! string | Id of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
secretRef SecretReference | The Secret.
= core.CephFSPersistentVolumeSource |
monitors! []string | Addresses of the monitors.
path string | The path.
user string | The user.
secretFile string | Path of the key.
secretRef SecretReference | The Secret.
readOnly bool | Whether it may only be read.
= core.FCVolumeSource |
targetWWNs []string | Names of the targets.
lun int32 | Number of the logical unit.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
wwids []string | Names of the volumes.
= core.FlockerVolumeSource |
datasetName string | Name of the dataset.
datasetUUID string | Id of the dataset.
= core.FlexPersistentVolumeSource |
driver! string | Name of the driver.
fsType string | Type of the file system.
secretRef SecretReference | The Secret.
readOnly bool | Whether it may only be read.
options map:string | Options.
= core.AzureFilePersistentVolumeSource |
secretName! string | Name of the Secret.
shareName! string | Name of the share.
readOnly bool | Whether it may only be read.
secretNamespace string | Namespace of the Secret.
= core.VsphereVirtualDiskVolumeSource |
volumePath! string | Path of the volume.
fsType string | Type of the file system.
storagePolicyName string | Name of the policy.
storagePolicyID string | Id of the policy.
= core.QuobyteVolumeSource |
registry! string | Address of the registry.
volume! string | Name of the volume.
readOnly bool | Whether it may only be read.
user string | The user.
group string | Group of the kind.
tenant string | Tenant that owns it.
= core.AzureDiskVolumeSource |
diskName! string | Name of the disk.
diskURI! string | Address of the disk.
cachingMode string | Host caching.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
kind string | Kind of the object in this schema.
= core.PhotonPersistentDiskVolumeSource |
pdID! string | Id of the disk.
fsType string | Type of the file system.
= core.PortworxVolumeSource |
volumeID! string | Id of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
= core.ScaleIOPersistentVolumeSource |
gateway! string | Address of the gateway.
system! string | Name of the system.
secretRef! SecretReference | The Secret.
sslEnabled bool | Whether to use TLS.
protectionDomain string | Name of the domain.
storagePool string | Name of the pool.
storageMode string | Thick or thin.
volumeName string | Name of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
= core.StorageOSPersistentVolumeSource |
volumeName string | Name of the volume.
volumeNamespace string | Namespace of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
secretRef ObjectReference | The Secret.
= core.Volume |
name! string | Name of the volume, unique in the pod.
hostPath HostPathVolumeSource | A file or directory of the node.
emptyDir EmptyDirVolumeSource | A directory that lives as long as the pod.
gcePersistentDisk GCEPersistentDiskVolumeSource | A disk of Google; deprecated.
awsElasticBlockStore AWSElasticBlockStoreVolumeSource | A disk of AWS; deprecated.
gitRepo GitRepoVolumeSource | A git repository; deprecated.
secret SecretVolumeSource | A Secret's keys as files.
nfs NFSVolumeSource | A directory of an NFS server.
iscsi ISCSIVolumeSource | An iSCSI disk.
glusterfs GlusterfsVolumeSource | A Gluster volume; deprecated.
persistentVolumeClaim PersistentVolumeClaimVolumeSource | The volume of a claim.
rbd RBDVolumeSource | A Ceph image; deprecated.
flexVolume FlexVolumeSource | A volume of a FlexVolume plugin; deprecated.
cinder CinderVolumeSource | A disk of OpenStack; deprecated.
cephfs CephFSVolumeSource | A CephFS mount; deprecated.
flocker FlockerVolumeSource | A Flocker dataset; deprecated.
downwardAPI DownwardAPIVolumeSource | Facts about the pod as files.
fc FCVolumeSource | A Fibre Channel volume.
azureFile AzureFileVolumeSource | A file share of Azure; deprecated.
configMap ConfigMapVolumeSource | A ConfigMap's keys as files.
vsphereVolume VsphereVirtualDiskVolumeSource | A disk of vSphere; deprecated.
quobyte QuobyteVolumeSource | A Quobyte volume; deprecated.
azureDisk AzureDiskVolumeSource | A disk of Azure; deprecated.
photonPersistentDisk PhotonPersistentDiskVolumeSource | A disk of Photon; deprecated.
projected ProjectedVolumeSource | Several sources in one directory.
portworxVolume PortworxVolumeSource | A volume of Portworx; deprecated.
scaleIO ScaleIOVolumeSource | A ScaleIO volume; deprecated.
storageos StorageOSVolumeSource | A StorageOS volume; deprecated.
csi CSIVolumeSource | A volume of a CSI driver.
ephemeral EphemeralVolumeSource | A volume whose claim lives as long as the pod.
image ImageVolumeSource | The image.
= core.EmptyDirVolumeSource |
medium string | Where it is kept: the node's disk, or Memory.
sizeLimit quantity | The most it may hold.
= core.GitRepoVolumeSource |
repository! string | Address of the repository.
revision string | The revision.
directory string | Directory to clone into.
= core.SecretVolumeSource |
secretName string | Name of the Secret.
items []KeyToPath | Which keys become which files; all when it is absent.
defaultMode int32 | Permission bits of the files; 0644 by default.
optional bool | Whether it may be missing.
= core.ISCSIVolumeSource |
targetPortal! string | Portal of the target.
iqn! string | Name of the target.
lun! int32 | Number of the logical unit.
iscsiInterface string | Interface to use.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
portals []string | More portals.
chapAuthDiscovery bool | Whether discovery uses CHAP.
chapAuthSession bool | Whether the session uses CHAP.
secretRef LocalObjectReference | The Secret.
initiatorName string | Initiator to use.
= core.GlusterfsVolumeSource |
endpoints! string | The endpoints.
path! string | The path.
readOnly bool | Whether it may only be read.
= core.RBDVolumeSource |
monitors! []string | Addresses of the monitors.
image! string | The image.
fsType string | Type of the file system.
pool string | Pool that holds the image.
user string | The user.
keyring string | Path of the keyring.
secretRef LocalObjectReference | The Secret.
readOnly bool | Whether it may only be read.
= core.FlexVolumeSource |
driver! string | Name of the driver.
fsType string | Type of the file system.
secretRef LocalObjectReference | The Secret.
readOnly bool | Whether it may only be read.
options map:string | Options.
= core.CinderVolumeSource |
volumeID! string | Id of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
secretRef LocalObjectReference | The Secret.
= core.CephFSVolumeSource |
monitors! []string | Addresses of the monitors.
path string | The path.
user string | The user.
secretFile string | Path of the key.
secretRef LocalObjectReference | The Secret.
readOnly bool | Whether it may only be read.
= core.DownwardAPIVolumeSource |
items []DownwardAPIVolumeFile | Which keys become which files; all when it is absent.
defaultMode int32 | Permission bits of the files; 0644 by default.
= core.AzureFileVolumeSource |
secretName! string | Name of the Secret.
shareName! string | Name of the share.
readOnly bool | Whether it may only be read.
= core.ConfigMapVolumeSource |
name string | The name.
items []KeyToPath | Which keys become which files; all when it is absent.
defaultMode int32 | Permission bits of the files; 0644 by default.
optional bool | Whether it may be missing.
= core.ProjectedVolumeSource |
sources []VolumeProjection | The sources.
defaultMode int32 | Permission bits of the files; 0644 by default.
= core.ScaleIOVolumeSource |
gateway! string | Address of the gateway.
system! string | Name of the system.
secretRef! LocalObjectReference | The Secret.
sslEnabled bool | Whether to use TLS.
protectionDomain string | Name of the domain.
storagePool string | Name of the pool.
storageMode string | Thick or thin.
volumeName string | Name of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
= core.StorageOSVolumeSource |
volumeName string | Name of the volume.
volumeNamespace string | Namespace of the volume.
fsType string | Type of the file system.
readOnly bool | Whether it may only be read.
secretRef LocalObjectReference | The Secret.
= core.CSIVolumeSource |
driver! string | Name of the driver.
readOnly bool | Whether it may only be read.
fsType string | Type of the file system.
volumeAttributes map:string | What the driver needs to know.
nodePublishSecretRef LocalObjectReference | Secret for mounting.
= core.EphemeralVolumeSource |
volumeClaimTemplate PersistentVolumeClaimTemplate | Template of the claim.
= core.ImageVolumeSource |
reference string | Name of the image.
pullPolicy string | When the image is pulled.
= core.KeyToPath |
key! string | The key.
path! string | The path.
mode int32 | Permission bits of the file.
= core.DownwardAPIVolumeFile |
path! string | The path.
fieldRef ObjectFieldSelector | A field of the pod.
resourceFieldRef ResourceFieldSelector | A resource of a container.
mode int32 | Permission bits of the file.
= core.VolumeProjection |
secret SecretProjection | A Secret's keys as files.
downwardAPI DownwardAPIProjection | Facts about the pod as files.
configMap ConfigMapProjection | A ConfigMap's keys as files.
serviceAccountToken ServiceAccountTokenProjection | A token of the service account, as a file.
clusterTrustBundle ClusterTrustBundleProjection | Certificates of a trust bundle, as a file.
podCertificate PodCertificateProjection | A certificate for the pod, as files.
= core.SecretProjection |
name string | The name.
items []KeyToPath | Which keys become which files; all when it is absent.
optional bool | Whether it may be missing.
= core.DownwardAPIProjection |
items []DownwardAPIVolumeFile | Which keys become which files; all when it is absent.
= core.ConfigMapProjection |
name string | The name.
items []KeyToPath | Which keys become which files; all when it is absent.
optional bool | Whether it may be missing.
= core.ServiceAccountTokenProjection |
audience string | For whom the token is meant.
expirationSeconds int64 | How long it is valid.
path! string | The path.
= core.ClusterTrustBundleProjection |
name string | The name.
signerName string | Who signs.
labelSelector meta.LabelSelector | Which objects are meant, by label.
optional bool | Whether it may be missing.
path! string | The path.
= core.PodCertificateProjection |
signerName! string | Who signs.
keyType! string | Kind of the key.
maxExpirationSeconds int32 | Longest life of the certificate.
credentialBundlePath string | Where key and chain are written together.
keyPath string | Where the key is written.
certificateChainPath string | Where the chain is written.
userAnnotations map:string | Data for the signer.
)table";

}  // namespace holdfast::sandbox
