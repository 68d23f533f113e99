// Fields of claims, volumes and storage classes. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaStorage = R"table(
= core.PersistentVolumeClaim | A wish for storage.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec PersistentVolumeClaimSpec | The wanted state.
status PersistentVolumeClaimStatus | The observed state.
= core.PersistentVolume | Storage of the cluster.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec PersistentVolumeSpec | The wanted state.
status PersistentVolumeStatus | The observed state.
= storage.StorageClass | A kind of storage, and who makes it.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
provisioner! string | Who makes the volumes.
parameters map:string | Parameters for the driver.
reclaimPolicy string | What happens to volumes whose claim is gone: Delete or Retain.
mountOptions []string | Options for mounting.
allowVolumeExpansion bool | Whether claims of this class may be enlarged.
volumeBindingMode string | Immediate, or WaitForFirstConsumer.
allowedTopologies []core.TopologySelectorTerm | Where volumes may be provisioned.
= storage.VolumeAttachment | The attachment of a volume to a node.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec! VolumeAttachmentSpec | The wanted state.
status VolumeAttachmentStatus | The observed state.
= storage.CSIDriver |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec! CSIDriverSpec | The wanted state.
= storage.CSINode |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec! CSINodeSpec | The wanted state.
= storage.CSIStorageCapacity |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
nodeTopology meta.LabelSelector | Nodes from which the storage can be reached.
storageClassName! string | Name of the storage class.
capacity quantity | How much there is, by resource.
maximumVolumeSize quantity | Largest volume that can be made.
= storage.VolumeAttributesClass |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
driverName! string | Name of the driver.
parameters map:string | Parameters for the driver.
= core.PersistentVolumeClaimSpec |
accessModes []string | Ways in which the volume may be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.
selector meta.LabelSelector | Which volumes fit, by label.
resources VolumeResourceRequirements | Size that is asked for; may grow when the class allows it.
volumeName string | Volume that the claim is bound to.
storageClassName string | Name of the storage class.
volumeMode string | Filesystem or Block.
dataSource TypedLocalObjectReference | What the new volume is filled from.
dataSourceRef TypedObjectReference | What the new volume is filled from; may be of any kind.
volumeAttributesClassName string | Class of attributes that can be changed.
= core.PersistentVolumeClaimStatus |
phase string | Where in its life it is.
accessModes []string | Ways in which the volume may be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.
capacity map:quantity | How much there is, by resource.
conditions []PersistentVolumeClaimCondition @type ^type | Latest observations of the object's state.
allocatedResources map:quantity | Amounts that are granted now.
allocatedResourceStatuses map:string | State of a resize, by resource.
currentVolumeAttributesClassName string | Class whose attributes the volume has now.
modifyVolumeStatus ModifyVolumeStatus | State of a change of attributes.
= core.PersistentVolumeSpec |
capacity map:quantity | How much there is, by resource.
gcePersistentDisk GCEPersistentDiskVolumeSource | A disk of Google; deprecated.
awsElasticBlockStore AWSElasticBlockStoreVolumeSource | A disk of AWS; deprecated.
hostPath HostPathVolumeSource | A file or directory of the node.
glusterfs GlusterfsPersistentVolumeSource | A Gluster volume; deprecated.
nfs NFSVolumeSource | A directory of an NFS server.
rbd RBDPersistentVolumeSource | A Ceph image; deprecated.
iscsi ISCSIPersistentVolumeSource | An iSCSI disk.
cinder CinderPersistentVolumeSource | A disk of OpenStack; deprecated.
cephfs CephFSPersistentVolumeSource | A CephFS mount; deprecated.
fc FCVolumeSource | A Fibre Channel volume.
flocker FlockerVolumeSource | A Flocker dataset; deprecated.
flexVolume FlexPersistentVolumeSource | A volume of a FlexVolume plugin; deprecated.
azureFile AzureFilePersistentVolumeSource | A file share of Azure; deprecated.
vsphereVolume VsphereVirtualDiskVolumeSource | A disk of vSphere; deprecated.
quobyte QuobyteVolumeSource | A Quobyte volume; deprecated.
azureDisk AzureDiskVolumeSource | A disk of Azure; deprecated.
photonPersistentDisk PhotonPersistentDiskVolumeSource | A disk of Photon; deprecated.
portworxVolume PortworxVolumeSource | A volume of Portworx; deprecated.
scaleIO ScaleIOPersistentVolumeSource | A ScaleIO volume; deprecated.
local LocalVolumeSource | A disk or directory of one node.
storageos StorageOSPersistentVolumeSource | A StorageOS volume; deprecated.
csi CSIPersistentVolumeSource | A volume of a CSI driver.
accessModes []string | Ways in which the volume may be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.
claimRef ObjectReference | The claim that this volume is bound to.
persistentVolumeReclaimPolicy string | What happens when the claim is gone: Retain, Delete or Recycle.
storageClassName string | Name of the storage class.
mountOptions []string | Options for mounting.
volumeMode string | Filesystem or Block.
nodeAffinity VolumeNodeAffinity | From which nodes, or on which.
volumeAttributesClassName string | Class of attributes that can be changed.
= core.PersistentVolumeStatus |
phase string | Where in its life it is.
message string | What happened, for people.
reason string | One word for machines.
lastPhaseTransitionTime time | When the phase last changed.
= storage.VolumeAttachmentSpec |
attacher! string | Driver that has to do it.
source! VolumeAttachmentSource | Where it comes from.
nodeName! string | Name of the node.
= storage.VolumeAttachmentStatus |
attached bool | Whether the volume is attached.
attachmentMetadata map:string | What the attach step left for later steps.
attachError VolumeError | Last failure to attach.
detachError VolumeError | Last failure to detach.
= storage.CSIDriverSpec |
attachRequired bool | Whether volumes of this driver need an attach step.
podInfoOnMount bool | Whether the driver is told about the pod.
volumeLifecycleModes []string @set | Persistent, Ephemeral.
storageCapacity bool | Whether the driver tells its capacity.
fsGroupPolicy string | Whether the driver supports setting the owner.
tokenRequests []TokenRequest | Tokens that the driver needs.
requiresRepublish bool | Whether the driver wants to be called again now and then.
seLinuxMount bool | Whether the driver mounts with a label.
nodeAllocatableUpdatePeriodSeconds int64 | How often the capacity is refreshed.
serviceAccountTokenInSecrets bool | Whether tokens are passed as secrets.
preventPodSchedulingIfMissing bool | Whether pods wait for the driver.
= storage.CSINodeSpec |
drivers! []CSINodeDriver @name ^name | Drivers that are registered on the node.
= core.VolumeResourceRequirements |
limits map:quantity | The most that may be used.
requests map:quantity | The least that is asked for.
= core.TypedObjectReference |
apiGroup string | Group of the referenced kind; empty for the core group.
kind string | Kind of the object in this schema.
name! string | The name.
namespace string | The namespace.
= core.PersistentVolumeClaimCondition |
type! string | The type.
status! string | The observed state.
lastProbeTime time | When it was last looked at.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= core.ModifyVolumeStatus |
targetVolumeAttributesClassName string | Class that is being changed to.
status string | The observed state.
= core.LocalVolumeSource |
path! string | The path.
fsType string | Type of the file system.
= core.CSIPersistentVolumeSource |
driver! string | Name of the driver.
volumeHandle! string | What the driver calls the volume.
readOnly bool | Whether it may only be read.
fsType string | Type of the file system.
volumeAttributes map:string | What the driver needs to know.
controllerPublishSecretRef SecretReference | Secret for attaching.
nodeStageSecretRef SecretReference | Secret for preparing on the node.
nodePublishSecretRef SecretReference | Secret for mounting.
controllerExpandSecretRef SecretReference | Secret for enlarging on the control plane's side.
nodeExpandSecretRef SecretReference | Secret for enlarging on the node.
= core.VolumeNodeAffinity |
required NodeSelector | What must hold.
= storage.VolumeAttachmentSource |
persistentVolumeName string | Name of a persistent volume.
inlineVolumeSpec core.PersistentVolumeSpec | Volume given in place.
= storage.VolumeError |
time time | When it was.
message string | What happened, for people.
errorCode int32 | gRPC code of the failure.
= storage.TokenRequest |
audience! string | For whom the token is meant.
expirationSeconds int64 | How long it is valid.
= storage.CSINodeDriver |
name! string | The name.
nodeID! string | What the driver calls the node.
topologyKeys []string | Labels that the driver knows.
allocatable VolumeNodeResources | What is left for pods.
= core.PersistentVolumeClaimVolumeSource |
claimName! string | Name of a claim in the pod's namespace.
readOnly bool | Whether it may only be read.
= storage.VolumeNodeResources |
count int32 | How often it happened.
= core.PersistentVolumeClaimTemplate |
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec! PersistentVolumeClaimSpec | The wanted state.
)table";

}  // namespace holdfast::sandbox
