// Field numbers of the API's messages, part 3 of 3: the leaves. See protobuf_fields.h.
#include "harness/sandbox/api/protobuf_fields.h"

namespace holdfast::sandbox {

const char* const kProtobufFields3 = R"(
TopologySelectorLabelRequirement: 1 key s, 2 values []s
VolumeAttachmentSource: 1 persistentVolumeName *s, 2 - *PersistentVolumeSpec
VolumeError: 1 time Time, 2 message s, 3 errorCode *i
CSINodeDriver: 1 name s, 2 nodeID s, 3 topologyKeys []s, 4 allocatable *VolumeNodeResources
StorageHealth: 1 name s, 2 healthConditions []StorageHealthCondition
StorageTokenRequest: 1 audience s, 2 expirationSeconds *i
BoundObjectReference: 1 kind s, 2 apiVersion s, 3 name s, 4 uid s
UserInfo: 1 username s, 2 uid s, 3 groups []s, 4 extra {}Strings
ClientIPConfig: 1 timeoutSeconds *i
LoadBalancerIngress: 1 ip s, 2 hostname s, 3 ipMode *s, 4 ports []PortStatus
VolumeSource: 1 hostPath *HostPathVolumeSource, 2 emptyDir *EmptyDirVolumeSource, 6 secret
  *SecretVolumeSource, 7 nfs *NFSVolumeSource, 10 persistentVolumeClaim
  *PersistentVolumeClaimVolumeSource, 16 downwardAPI *DownwardAPIVolumeSource, 19 configMap
  *ConfigMapVolumeSource, 26 projected *ProjectedVolumeSource, 28 csi *CSIVolumeSource, 29
  ephemeral *EphemeralVolumeSource, 30 image *ImageVolumeSource
ContainerPort: 1 name s, 2 hostPort i, 3 containerPort i, 4 protocol s, 5 hostIP s
EnvFromSource: 1 prefix s, 2 configMapRef *ConfigMapEnvSource, 3 secretRef *SecretEnvSource
EnvVar: 1 name s, 2 value s, 3 valueFrom *EnvVarSource
ContainerResizePolicy: 1 resourceName s, 2 restartPolicy s
ContainerRestartRule: 1 action s, 2 exitCodes *ContainerRestartRuleOnExitCodes
VolumeMount: 1 name s, 2 readOnly b, 3 mountPath s, 4 subPath s, 5 mountPropagation *s, 6
  subPathExpr s, 7 recursiveReadOnly *s, 8 bindMountOptions []s
VolumeDevice: 1 name s, 2 devicePath s
Probe: 1 - ProbeHandler, 2 initialDelaySeconds i, 3 timeoutSeconds i, 4 periodSeconds i, 5
  successThreshold i, 6 failureThreshold i, 7 terminationGracePeriodSeconds *i
Lifecycle: 1 postStart *LifecycleHandler, 2 preStop *LifecycleHandler, 3 stopSignal *s
SecurityContext: 1 capabilities *Capabilities, 2 privileged *b, 3 seLinuxOptions *SELinuxOptions,
  4 runAsUser *i, 5 runAsNonRoot *b, 6 readOnlyRootFilesystem *b, 7 allowPrivilegeEscalation *b, 8
  runAsGroup *i, 9 procMount *s, 10 windowsOptions *WindowsSecurityContextOptions, 11
  seccompProfile *SeccompProfile, 12 appArmorProfile *AppArmorProfile
EphemeralContainerCommon: 1 name s, 2 image s, 3 command []s, 4 args []s, 5 workingDir s, 6 ports
  []ContainerPort, 7 env []EnvVar, 8 resources ResourceRequirements, 9 volumeMounts []VolumeMount,
  10 livenessProbe *Probe, 11 readinessProbe *Probe, 12 lifecycle *Lifecycle, 13
  terminationMessagePath s, 14 imagePullPolicy s, 15 securityContext *SecurityContext, 16 stdin b,
  17 stdinOnce b, 18 tty b, 19 envFrom []EnvFromSource, 20 terminationMessagePolicy s, 21
  volumeDevices []VolumeDevice, 22 startupProbe *Probe, 23 resizePolicy []ContainerResizePolicy,
  24 restartPolicy *s, 25 restartPolicyRules []ContainerRestartRule
SELinuxOptions: 1 user s, 2 role s, 3 type s, 4 level s
WindowsSecurityContextOptions: 1 gmsaCredentialSpecName *s, 2 gmsaCredentialSpec *s, 3
  runAsUserName *s, 4 hostProcess *b
Sysctl: 1 name s, 2 value s
SeccompProfile: 1 type s, 2 localhostProfile *s
AppArmorProfile: 1 type s, 2 localhostProfile *s
NodeAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution *NodeSelector, 2
  preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm
PodAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm, 2
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm
PodAntiAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm, 2
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm
PodDNSConfigOption: 1 name s, 2 value *s
ResourceClaim: 1 name s, 2 request s
ContainerState: 1 waiting *ContainerStateWaiting, 2 running *ContainerStateRunning, 3 terminated
  *ContainerStateTerminated
VolumeMountStatus: 1 name s, 2 mountPath s, 3 readOnly b, 4 recursiveReadOnly *s, 5 volumeStatus
  *VolumeStatus
ContainerUser: 1 linux *LinuxContainerUser
ResourceStatus: 1 name s, 2 resources []ResourceHealth
ContainerExtendedResourceRequest: 1 containerName s, 2 resourceName s, 3 requestName s
NodeAllocatableMappedResources: 1 name s, 2 quantity *Quantity
NodeAllocatableOverheadResources: 1 name s, 2 perPod *Quantity, 3 perContainer *Quantity
VolumeHealthCondition: 1 status s, 2 reason s, 3 message s
ConfigMapNodeConfigSource: 1 namespace s, 2 name s, 3 uid s, 4 resourceVersion s, 5
  kubeletConfigKey s
DaemonEndpoint: 1 Port i
NodeSwapStatus: 1 capacity *i
NodeRuntimeHandlerFeatures: 1 recursiveReadOnlyMounts *b, 2 userNamespaces *b
HostPathVolumeSource: 1 path s, 2 type *s
NFSVolumeSource: 1 server s, 2 path s, 3 readOnly b
LocalVolumeSource: 1 path s, 2 fsType *s
CSIPersistentVolumeSource: 1 driver s, 2 volumeHandle s, 3 readOnly b, 4 fsType s, 5
  volumeAttributes {}s, 6 controllerPublishSecretRef *SecretReference, 7 nodeStageSecretRef
  *SecretReference, 8 nodePublishSecretRef *SecretReference, 9 controllerExpandSecretRef
  *SecretReference, 10 nodeExpandSecretRef *SecretReference
NodeSelector: 1 nodeSelectorTerms []NodeSelectorTerm
LabelSelectorRequirement: 1 key s, 2 operator s, 3 values []s
ScopedResourceSelectorRequirement: 1 scopeName s, 2 operator s, 3 values []s
RollingUpdateStatefulSetStrategy: 1 partition *i, 2 maxUnavailable *IntOrString
RollingUpdateDeployment: 1 maxUnavailable *IntOrString, 2 maxSurge *IntOrString
FieldSelectorAttributes: 1 rawSelector s, 2 requirements []FieldSelectorRequirement
LabelSelectorAttributes: 1 rawSelector s, 2 requirements []LabelSelectorRequirement
ForZone: 1 name s
ForNode: 1 name s
VolumeNodeResources: 1 count *i
StorageHealthCondition: 1 status s, 2 reason s, 3 message s, 4 accessMode *s, 5 volumeMode *s, 6
  lastTransitionTime Time
PortStatus: 1 port i, 2 protocol s, 3 error *s
EmptyDirVolumeSource: 1 medium s, 2 sizeLimit *Quantity, 3 mode *i
SecretVolumeSource: 1 secretName s, 2 items []KeyToPath, 3 defaultMode *i, 4 optional *b, 5
  defaultUser *i
PersistentVolumeClaimVolumeSource: 1 claimName s, 2 readOnly b
DownwardAPIVolumeSource: 1 items []DownwardAPIVolumeFile, 2 defaultMode *i, 3 defaultUser *i
ConfigMapVolumeSource: 1 - LocalObjectReference, 2 items []KeyToPath, 3 defaultMode *i, 4 optional
  *b, 5 defaultUser *i
ProjectedVolumeSource: 1 sources []VolumeProjection, 2 defaultMode *i, 3 defaultUser *i
CSIVolumeSource: 1 driver s, 2 readOnly *b, 3 fsType *s, 4 volumeAttributes {}s, 5
  nodePublishSecretRef *LocalObjectReference
EphemeralVolumeSource: 1 volumeClaimTemplate *PersistentVolumeClaimTemplate
ImageVolumeSource: 1 reference s, 2 pullPolicy s
ConfigMapEnvSource: 1 - LocalObjectReference, 2 optional *b
SecretEnvSource: 1 - LocalObjectReference, 2 optional *b
EnvVarSource: 1 fieldRef *ObjectFieldSelector, 2 resourceFieldRef *ResourceFieldSelector, 3
  configMapKeyRef *ConfigMapKeySelector, 4 secretKeyRef *SecretKeySelector, 5 fileKeyRef
  *FileKeySelector
ContainerRestartRuleOnExitCodes: 1 operator s, 2 values []i
ProbeHandler: 1 exec *ExecAction, 2 httpGet *HTTPGetAction, 3 tcpSocket *TCPSocketAction, 4 grpc
  *GRPCAction
LifecycleHandler: 1 exec *ExecAction, 2 httpGet *HTTPGetAction, 3 tcpSocket *TCPSocketAction, 4
  sleep *SleepAction
Capabilities: 1 add []s, 2 drop []s
PreferredSchedulingTerm: 1 weight i, 2 preference NodeSelectorTerm
PodAffinityTerm: 1 labelSelector *LabelSelector, 2 namespaces []s, 3 topologyKey s, 4
  namespaceSelector *LabelSelector, 5 matchLabelKeys []s, 6 mismatchLabelKeys []s
WeightedPodAffinityTerm: 1 weight i, 2 podAffinityTerm PodAffinityTerm
ContainerStateWaiting: 1 reason s, 2 message s
ContainerStateRunning: 1 startedAt Time
ContainerStateTerminated: 1 exitCode i, 2 signal i, 3 reason s, 4 message s, 5 startedAt Time, 6
  finishedAt Time, 7 containerID s
VolumeStatus: 1 image *ImageVolumeStatus
LinuxContainerUser: 1 uid i, 2 gid i, 3 supplementalGroups []i
ResourceHealth: 1 resourceID s, 2 health s, 6 message *s
SecretReference: 1 name s, 2 namespace s
NodeSelectorTerm: 1 matchExpressions []NodeSelectorRequirement, 2 matchFields
  []NodeSelectorRequirement
FieldSelectorRequirement: 1 key s, 2 operator s, 3 values []s
KeyToPath: 1 key s, 2 path s, 3 mode *i, 4 user *i
DownwardAPIVolumeFile: 1 path s, 2 fieldRef *ObjectFieldSelector, 3 resourceFieldRef
  *ResourceFieldSelector, 4 mode *i, 5 user *i
VolumeProjection: 1 secret *SecretProjection, 2 downwardAPI *DownwardAPIProjection, 3 configMap
  *ConfigMapProjection, 4 serviceAccountToken *ServiceAccountTokenProjection, 5 clusterTrustBundle
  *ClusterTrustBundleProjection, 6 podCertificate *PodCertificateProjection
PersistentVolumeClaimTemplate: 1 metadata ObjectMeta, 2 spec PersistentVolumeClaimSpec
ObjectFieldSelector: 1 apiVersion s, 2 fieldPath s
ResourceFieldSelector: 1 containerName s, 2 resource s, 3 divisor Quantity
ConfigMapKeySelector: 1 - LocalObjectReference, 2 key s, 3 optional *b
SecretKeySelector: 1 - LocalObjectReference, 2 key s, 3 optional *b
FileKeySelector: 1 volumeName s, 2 path s, 3 key s, 4 optional *b
ExecAction: 1 command []s
HTTPGetAction: 1 path s, 2 port IntOrString, 3 host s, 4 scheme s, 5 httpHeaders []HTTPHeader, 6
  protocol *s
TCPSocketAction: 1 port IntOrString, 2 host s
GRPCAction: 1 port i, 2 service *s, 3 mode *s
SleepAction: 1 seconds i
ImageVolumeStatus: 1 imageRef s
NodeSelectorRequirement: 1 key s, 2 operator s, 3 values []s
SecretProjection: 1 - LocalObjectReference, 2 items []KeyToPath, 4 optional *b
DownwardAPIProjection: 1 items []DownwardAPIVolumeFile
ConfigMapProjection: 1 - LocalObjectReference, 2 items []KeyToPath, 4 optional *b
ServiceAccountTokenProjection: 1 audience s, 2 expirationSeconds *i, 3 path s, 4 user *i
ClusterTrustBundleProjection: 1 name *s, 2 signerName *s, 3 labelSelector *LabelSelector, 4 path
  s, 5 optional *b, 6 user *i
PodCertificateProjection: 1 signerName s, 2 keyType s, 3 maxExpirationSeconds *i, 4
  credentialBundlePath s, 5 keyPath s, 6 certificateChainPath s, 7 userAnnotations {}s, 8 user *i
HTTPHeader: 1 name s, 2 value s
DaemonSetSpec: 1 selector *LabelSelector, 2 template PodTemplateSpec, 3 updateStrategy
  DaemonSetUpdateStrategy, 4 minReadySeconds i, 6 revisionHistoryLimit *i
DaemonSetUpdateStrategy: 1 type s, 2 rollingUpdate *RollingUpdateDaemonSet
RollingUpdateDaemonSet: 1 maxUnavailable *IntOrString, 2 maxSurge *IntOrString
ReplicationControllerSpec: 1 replicas *i, 2 selector {}s, 3 template *PodTemplateSpec, 4
  minReadySeconds i
JobSpec: 1 parallelism *i, 2 completions *i, 3 activeDeadlineSeconds *i, 4 selector *LabelSelector,
  5 manualSelector *b, 6 template PodTemplateSpec, 7 backoffLimit *i, 8 ttlSecondsAfterFinished *i,
  9 completionMode *s, 10 suspend *b, 12 backoffLimitPerIndex *i, 13 maxFailedIndexes *i, 14
  podReplacementPolicy *s, 15 managedBy *s
JobTemplateSpec: 1 metadata ObjectMeta, 2 spec JobSpec
CronJobSpec: 1 schedule s, 2 startingDeadlineSeconds *i, 3 concurrencyPolicy s, 4 suspend *b, 5
  jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit *i, 7 failedJobsHistoryLimit *i, 8
  timeZone *s
)";

}  // namespace holdfast::sandbox
