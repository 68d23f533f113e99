// Field numbers of the API's messages, part 2 of 3: mostly what a pod is made of. See protobuf_fields.h.
#include "harness/sandbox/api/protobuf_fields.h"

namespace holdfast::sandbox {

const char* const kProtobufFields2 = R"(
DeploymentStatus: 1 observedGeneration i, 2 replicas i, 3 updatedReplicas i, 4 availableReplicas
  i, 5 unavailableReplicas i, 6 conditions []DeploymentCondition, 7 readyReplicas i, 8
  collisionCount *i, 9 terminatingReplicas *i
ReplicaSetSpec: 1 replicas *i, 2 selector *LabelSelector, 3 template PodTemplateSpec, 4
  minReadySeconds i
ReplicaSetStatus: 1 replicas i, 2 fullyLabeledReplicas i, 3 observedGeneration i, 4 readyReplicas
  i, 5 availableReplicas i, 6 conditions []ReplicaSetCondition, 7 terminatingReplicas *i
ScaleSpec: 1 replicas i
ScaleStatus: 1 replicas i, 2 selector s
PodDisruptionBudgetSpec: 1 minAvailable *IntOrString, 2 selector *LabelSelector, 3 maxUnavailable
  *IntOrString, 4 unhealthyPodEvictionPolicy *s
PodDisruptionBudgetStatus: 1 observedGeneration i, 2 disruptedPods {}Time, 3 disruptionsAllowed i,
  4 currentHealthy i, 5 desiredHealthy i, 6 expectedPods i, 7 conditions []Condition
SelfSubjectAccessReviewSpec: 1 resourceAttributes *ResourceAttributes, 2 nonResourceAttributes
  *NonResourceAttributes
SubjectAccessReviewStatus: 1 allowed b, 2 reason s, 3 evaluationError s, 4 denied b
SubjectAccessReviewSpec: 1 resourceAttributes *ResourceAttributes, 2 nonResourceAttributes
  *NonResourceAttributes, 3 user s, 4 groups []s, 5 extra {}Strings, 6 uid s
SelfSubjectRulesReviewSpec: 1 namespace s
SubjectRulesReviewStatus: 1 resourceRules []ResourceRule, 2 nonResourceRules []NonResourceRule, 3
  incomplete b, 4 evaluationError s
PolicyRule: 1 verbs []s, 2 apiGroups []s, 3 resources []s, 4 resourceNames []s, 5 nonResourceURLs
  []s
Subject: 1 kind s, 2 apiGroup s, 3 name s, 4 namespace s
RoleRef: 1 apiGroup s, 2 kind s, 3 name s
AggregationRule: 1 clusterRoleSelectors []LabelSelector
Endpoint: 1 addresses []s, 2 conditions EndpointConditions, 3 hostname *s, 4 targetRef
  *ObjectReference, 5 deprecatedTopology {}s, 6 nodeName *s, 7 zone *s, 8 hints *EndpointHints
DiscoveryEndpointPort: 1 name *s, 2 protocol *s, 3 port *i, 4 appProtocol *s
TopologySelectorTerm: 1 matchLabelExpressions []TopologySelectorLabelRequirement
VolumeAttachmentSpec: 1 attacher s, 2 source VolumeAttachmentSource, 3 nodeName s
VolumeAttachmentStatus: 1 attached b, 2 attachmentMetadata {}s, 3 attachError *VolumeError, 4
  detachError *VolumeError
CSINodeSpec: 1 drivers []CSINodeDriver
CSINodeStatus: 1 storageHealth []StorageHealth
CSIDriverSpec: 1 attachRequired *b, 2 podInfoOnMount *b, 3 volumeLifecycleModes []s, 4
  storageCapacity *b, 5 fsGroupPolicy *s, 6 tokenRequests []StorageTokenRequest, 7
  requiresRepublish *b, 8 seLinuxMount *b, 9 nodeAllocatableUpdatePeriodSeconds *i, 10
  serviceAccountTokenInSecrets *b, 11 preventPodSchedulingIfMissing *b
EventsEventSeries: 1 count i, 2 lastObservedTime MicroTime
LeaseSpec: 1 holderIdentity *s, 2 leaseDurationSeconds *i, 3 acquireTime *MicroTime, 4 renewTime
  *MicroTime, 5 leaseTransitions *i, 6 strategy *s, 7 preferredHolder *s
TokenRequestSpec: 1 audiences []s, 3 boundObjectRef *BoundObjectReference, 4 expirationSeconds *i,
  5 attestations {}Strings
TokenRequestStatus: 1 token s, 2 expirationTimestamp Time
TokenReviewSpec: 1 token s, 2 audiences []s
TokenReviewStatus: 1 authenticated b, 2 user UserInfo, 3 error s, 4 audiences []s
Preconditions: 1 uid *s, 2 resourceVersion *s
OwnerReference: 1 kind s, 3 name s, 4 uid s, 5 apiVersion s, 6 controller *b, 7 blockOwnerDeletion
  *b
ManagedFieldsEntry: 1 manager s, 2 operation s, 3 apiVersion s, 4 time *Time, 6 fieldsType s, 7
  fieldsV1 *FieldsV1, 8 subresource s
NamespaceCondition: 1 type s, 2 status s, 4 lastTransitionTime Time, 5 reason s, 6 message s
ServicePort: 1 name s, 2 protocol s, 3 port i, 4 targetPort IntOrString, 5 nodePort i, 6
  appProtocol *s
SessionAffinityConfig: 1 clientIP *ClientIPConfig
LoadBalancerStatus: 1 ingress []LoadBalancerIngress
Condition: 1 type s, 2 status s, 3 observedGeneration i, 4 lastTransitionTime Time, 5 reason s, 6
  message s
Volume: 1 name s, 2 - VolumeSource
Container: 1 name s, 2 image s, 3 command []s, 4 args []s, 5 workingDir s, 6 ports
  []ContainerPort, 7 env []EnvVar, 8 resources ResourceRequirements, 9 volumeMounts []VolumeMount,
  10 livenessProbe *Probe, 11 readinessProbe *Probe, 12 lifecycle *Lifecycle, 13
  terminationMessagePath s, 14 imagePullPolicy s, 15 securityContext *SecurityContext, 16 stdin b,
  17 stdinOnce b, 18 tty b, 19 envFrom []EnvFromSource, 20 terminationMessagePolicy s, 21
  volumeDevices []VolumeDevice, 22 startupProbe *Probe, 23 resizePolicy []ContainerResizePolicy,
  24 restartPolicy *s, 25 restartPolicyRules []ContainerRestartRule
EphemeralContainer: 1 - EphemeralContainerCommon, 2 targetContainerName s
PodSecurityContext: 1 seLinuxOptions *SELinuxOptions, 2 runAsUser *i, 3 runAsNonRoot *b, 4
  supplementalGroups []i, 5 fsGroup *i, 6 runAsGroup *i, 7 sysctls []Sysctl, 8 windowsOptions
  *WindowsSecurityContextOptions, 9 fsGroupChangePolicy *s, 10 seccompProfile *SeccompProfile, 11
  appArmorProfile *AppArmorProfile, 12 supplementalGroupsPolicy *s, 13 seLinuxChangePolicy *s
Affinity: 1 nodeAffinity *NodeAffinity, 2 podAffinity *PodAffinity, 3 podAntiAffinity
  *PodAntiAffinity
Toleration: 1 key s, 2 operator s, 3 value s, 4 effect s, 5 tolerationSeconds *i
HostAlias: 1 ip s, 2 hostnames []s
PodDNSConfig: 1 nameservers []s, 2 searches []s, 3 options []PodDNSConfigOption
PodReadinessGate: 1 conditionType s
TopologySpreadConstraint: 1 maxSkew i, 2 topologyKey s, 3 whenUnsatisfiable s, 4 labelSelector
  *LabelSelector, 5 minDomains *i, 6 nodeAffinityPolicy *s, 7 nodeTaintsPolicy *s, 8
  matchLabelKeys []s
PodOS: 1 name s
PodSchedulingGate: 1 name s
PodResourceClaim: 1 name s, 3 resourceClaimName *s, 4 resourceClaimTemplateName *s
ResourceRequirements: 1 limits {}Quantity, 2 requests {}Quantity, 3 claims []ResourceClaim
PodSchedulingGroup: 1 podGroupName *s
EvictionResponder: 1 name s, 2 priority *i
PodCondition: 1 type s, 2 status s, 3 lastProbeTime Time, 4 lastTransitionTime Time, 5 reason s, 6
  message s, 7 observedGeneration i
HostIP: 1 ip s
PodIP: 1 ip s
ContainerStatus: 1 name s, 2 state ContainerState, 3 lastState ContainerState, 4 ready b, 5
  restartCount i, 6 image s, 7 imageID s, 8 containerID s, 9 started *b, 10 allocatedResources
  {}Quantity, 11 resources *ResourceRequirements, 12 volumeMounts []VolumeMountStatus, 13 user
  *ContainerUser, 14 allocatedResourcesStatus []ResourceStatus, 15 stopSignal *s
PodResourceClaimStatus: 1 name s, 2 resourceClaimName *s
PodExtendedResourceClaimStatus: 1 requestMappings []ContainerExtendedResourceRequest, 2
  resourceClaimName s
NodeAllocatableResourceClaimStatus: 1 resourceClaimName s, 2 containers []s, 4 mapping
  []NodeAllocatableMappedResources, 5 overhead []NodeAllocatableOverheadResources
PodVolumeHealth: 1 name s, 2 healthConditions []VolumeHealthCondition, 3 lastTransitionTime Time
Taint: 1 key s, 2 value s, 3 effect s, 4 timeAdded *Time
NodeConfigSource: 2 configMap *ConfigMapNodeConfigSource
NodePodPreemptionPolicy: 1 disableResizePreemption []s
NodeCondition: 1 type s, 2 status s, 3 lastHeartbeatTime Time, 4 lastTransitionTime Time, 5 reason
  s, 6 message s
NodeAddress: 1 type s, 2 address s
NodeDaemonEndpoints: 1 kubeletEndpoint DaemonEndpoint
NodeSystemInfo: 1 machineID s, 2 systemUUID s, 3 bootID s, 4 kernelVersion s, 5 osImage s, 6
  containerRuntimeVersion s, 7 kubeletVersion s, 8 kubeProxyVersion s, 9 operatingSystem s, 10
  architecture s, 11 swap *NodeSwapStatus
ContainerImage: 1 names []s, 2 sizeBytes i
AttachedVolume: 1 name s, 2 devicePath s
NodeConfigStatus: 1 assigned *NodeConfigSource, 2 active *NodeConfigSource, 3 lastKnownGood
  *NodeConfigSource, 4 error s
NodeRuntimeHandler: 1 name s, 2 features *NodeRuntimeHandlerFeatures
NodeFeatures: 1 supplementalGroupsPolicy *b
PersistentVolumeSource: 3 hostPath *HostPathVolumeSource, 5 nfs *NFSVolumeSource, 20 local
  *LocalVolumeSource, 22 csi *CSIPersistentVolumeSource
VolumeNodeAffinity: 1 required *NodeSelector
LabelSelector: 1 matchLabels {}s, 2 matchExpressions []LabelSelectorRequirement
VolumeResourceRequirements: 1 limits {}Quantity, 2 requests {}Quantity
TypedLocalObjectReference: 1 apiGroup *s, 2 kind s, 3 name s
TypedObjectReference: 1 apiGroup *s, 2 kind s, 3 name s, 4 namespace *s
PersistentVolumeClaimCondition: 1 type s, 2 status s, 3 lastProbeTime Time, 4 lastTransitionTime
  Time, 5 reason s, 6 message s
ModifyVolumeStatus: 1 targetVolumeAttributesClassName s, 2 status s
VolumeHealthStatus: 1 healthConditions []VolumeHealthCondition, 2 lastTransitionTime Time
LimitRangeItem: 1 type s, 2 max {}Quantity, 3 min {}Quantity, 4 default {}Quantity, 5
  defaultRequest {}Quantity, 6 maxLimitRequestRatio {}Quantity
ScopeSelector: 1 matchExpressions []ScopedResourceSelectorRequirement
EndpointAddress: 1 ip s, 2 targetRef *ObjectReference, 3 hostname s, 4 nodeName *s
EndpointPort: 1 name s, 2 port i, 3 protocol s, 4 appProtocol *s
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
StatefulSetUpdateStrategy: 1 type s, 2 rollingUpdate *RollingUpdateStatefulSetStrategy
StatefulSetPersistentVolumeClaimRetentionPolicy: 1 whenDeleted s, 2 whenScaled s
StatefulSetOrdinals: 1 start i
StatefulSetCondition: 1 type s, 2 status s, 3 lastTransitionTime Time, 4 reason s, 5 message s
DeploymentStrategy: 1 type s, 2 rollingUpdate *RollingUpdateDeployment
DeploymentCondition: 1 type s, 2 status s, 4 reason s, 5 message s, 6 lastUpdateTime Time, 7
  lastTransitionTime Time
ReplicaSetCondition: 1 type s, 2 status s, 3 lastTransitionTime Time, 4 reason s, 5 message s
ResourceAttributes: 1 namespace s, 2 verb s, 3 group s, 4 version s, 5 resource s, 6 subresource
  s, 7 name s, 8 fieldSelector *FieldSelectorAttributes, 9 labelSelector *LabelSelectorAttributes
NonResourceAttributes: 1 path s, 2 verb s
ResourceRule: 1 verbs []s, 2 apiGroups []s, 3 resources []s, 4 resourceNames []s
NonResourceRule: 1 verbs []s, 2 nonResourceURLs []s
EndpointConditions: 1 ready *b, 2 serving *b, 3 terminating *b
EndpointHints: 1 forZones []ForZone, 2 forNodes []ForNode
)";

}  // namespace holdfast::sandbox
