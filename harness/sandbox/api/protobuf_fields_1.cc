// Field numbers of the API's messages, part 1 of 3: API objects and what they hold directly. See protobuf_fields.h.
#include "harness/sandbox/api/protobuf_fields.h"

namespace holdfast::sandbox {

const char* const kProtobufFields1 = R"(
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ServiceStatus
Pod: 1 metadata ObjectMeta, 2 spec PodSpec, 3 status PodStatus
Node: 1 metadata ObjectMeta, 2 spec NodeSpec, 3 status NodeStatus
ConfigMap: 1 metadata ObjectMeta, 2 data {}s, 3 binaryData {}y, 4 immutable *b
Secret: 1 metadata ObjectMeta, 2 data {}y, 3 type s, 4 stringData {}s, 5 immutable *b
ServiceAccount: 1 metadata ObjectMeta, 2 secrets []ObjectReference, 3 imagePullSecrets
  []LocalObjectReference, 4 automountServiceAccountToken *b
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason s, 4 message s, 5 source
  EventSource, 6 firstTimestamp Time, 7 lastTimestamp Time, 8 count i, 9 type s, 10 eventTime
  MicroTime, 11 series *EventSeries, 12 action s, 13 related *ObjectReference, 14
  reportingComponent s, 15 reportingInstance s
PersistentVolume: 1 metadata ObjectMeta, 2 spec PersistentVolumeSpec, 3 status
  PersistentVolumeStatus
PersistentVolumeClaim: 1 metadata ObjectMeta, 2 spec PersistentVolumeClaimSpec, 3 status
  PersistentVolumeClaimStatus
Binding: 1 metadata ObjectMeta, 2 target ObjectReference
LimitRange: 1 metadata ObjectMeta, 2 spec LimitRangeSpec
ResourceQuota: 1 metadata ObjectMeta, 2 spec ResourceQuotaSpec, 3 status ResourceQuotaStatus
Endpoints: 1 metadata ObjectMeta, 2 subsets []EndpointSubset
StatefulSet: 1 metadata ObjectMeta, 2 spec StatefulSetSpec, 3 status StatefulSetStatus
Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status DeploymentStatus
ReplicaSet: 1 metadata ObjectMeta, 2 spec ReplicaSetSpec, 3 status ReplicaSetStatus
DaemonSet: 1 metadata ObjectMeta, 2 spec DaemonSetSpec
ReplicationController: 1 metadata ObjectMeta, 2 spec ReplicationControllerSpec
Job: 1 metadata ObjectMeta, 2 spec JobSpec
CronJob: 1 metadata ObjectMeta, 2 spec CronJobSpec
ControllerRevision: 1 metadata ObjectMeta, 2 data Raw, 3 revision i
Scale: 1 metadata ObjectMeta, 2 spec ScaleSpec, 3 status ScaleStatus
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec, 3 status
  PodDisruptionBudgetStatus
Eviction: 1 metadata ObjectMeta, 2 deleteOptions *DeleteOptions
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status
  SubjectAccessReviewStatus
SubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status
  SubjectAccessReviewStatus
LocalSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status
  SubjectAccessReviewStatus
SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec, 3 status
  SubjectRulesReviewStatus
Role: 1 metadata ObjectMeta, 2 rules []PolicyRule
RoleBinding: 1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef
ClusterRole: 1 metadata ObjectMeta, 2 rules []PolicyRule, 3 aggregationRule *AggregationRule
ClusterRoleBinding: 1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef
EndpointSlice: 1 metadata ObjectMeta, 2 endpoints []Endpoint, 3 ports []DiscoveryEndpointPort, 4
  addressType s
StorageClass: 1 metadata ObjectMeta, 2 provisioner s, 3 parameters {}s, 4 reclaimPolicy *s, 5
  mountOptions []s, 6 allowVolumeExpansion *b, 7 volumeBindingMode *s, 8 allowedTopologies
  []TopologySelectorTerm
VolumeAttachment: 1 metadata ObjectMeta, 2 spec VolumeAttachmentSpec, 3 status
  VolumeAttachmentStatus
CSINode: 1 metadata ObjectMeta, 2 spec CSINodeSpec, 3 status CSINodeStatus
CSIDriver: 1 metadata ObjectMeta, 2 spec CSIDriverSpec
EventsEvent: 1 metadata ObjectMeta, 2 eventTime MicroTime, 3 series *EventsEventSeries, 4
  reportingController s, 5 reportingInstance s, 6 action s, 7 reason s, 8 regarding
  ObjectReference, 9 related *ObjectReference, 10 note s, 11 type s, 12 deprecatedSource
  EventSource, 13 deprecatedFirstTimestamp Time, 14 deprecatedLastTimestamp Time, 15
  deprecatedCount i
Lease: 1 metadata ObjectMeta, 2 spec LeaseSpec
PriorityClass: 1 metadata ObjectMeta, 2 value i, 3 globalDefault b, 4 description s, 5
  preemptionPolicy *s
TokenRequest: 1 metadata ObjectMeta, 2 spec TokenRequestSpec, 3 status
  TokenRequestStatus
TokenReview: 1 metadata ObjectMeta, 2 spec TokenReviewSpec, 3 status TokenReviewStatus
DeleteOptions: 1 gracePeriodSeconds *i, 2 preconditions *Preconditions, 3 orphanDependents *b, 4
  propagationPolicy *s, 5 dryRun []s, 6 ignoreStoreReadErrorWithClusterBreakingPotential *b
ObjectMeta: 1 name s, 2 generateName s, 3 namespace s, 4 selfLink s, 5 uid s, 6 resourceVersion s,
  7 generation i, 8 creationTimestamp Time, 9 deletionTimestamp *Time, 10
  deletionGracePeriodSeconds *i, 11 labels {}s, 12 annotations {}s, 13 ownerReferences
  []OwnerReference, 14 finalizers []s, 17 managedFields []ManagedFieldsEntry
NamespaceSpec: 1 finalizers []s
NamespaceStatus: 1 phase s, 2 conditions []NamespaceCondition
ServiceSpec: 1 ports []ServicePort, 2 selector {}s, 3 clusterIP s, 4 type s, 5 externalIPs []s, 7
  sessionAffinity s, 8 loadBalancerIP s, 9 loadBalancerSourceRanges []s, 10 externalName s, 11
  externalTrafficPolicy s, 12 healthCheckNodePort i, 13 publishNotReadyAddresses b, 14
  sessionAffinityConfig *SessionAffinityConfig, 17 ipFamilyPolicy *s, 18 clusterIPs []s, 19
  ipFamilies []s, 20 allocateLoadBalancerNodePorts *b, 21 loadBalancerClass *s, 22
  internalTrafficPolicy *s, 23 trafficDistribution *s
ServiceStatus: 1 loadBalancer LoadBalancerStatus, 2 conditions []Condition
PodSpec: 1 volumes []Volume, 2 containers []Container, 3 restartPolicy s, 4
  terminationGracePeriodSeconds *i, 5 activeDeadlineSeconds *i, 6 dnsPolicy s, 7 nodeSelector {}s,
  8 serviceAccountName s, 9 serviceAccount s, 10 nodeName s, 11 hostNetwork b, 12 hostPID b, 13
  hostIPC b, 14 securityContext *PodSecurityContext, 15 imagePullSecrets []LocalObjectReference,
  16 hostname s, 17 subdomain s, 18 affinity *Affinity, 19 schedulerName s, 20 initContainers
  []Container, 21 automountServiceAccountToken *b, 22 tolerations []Toleration, 23 hostAliases
  []HostAlias, 24 priorityClassName s, 25 priority *i, 26 dnsConfig *PodDNSConfig, 27
  shareProcessNamespace *b, 28 readinessGates []PodReadinessGate, 29 runtimeClassName *s, 30
  enableServiceLinks *b, 31 preemptionPolicy *s, 32 overhead {}Quantity, 33
  topologySpreadConstraints []TopologySpreadConstraint, 34 ephemeralContainers
  []EphemeralContainer, 35 setHostnameAsFQDN *b, 36 os *PodOS, 37 hostUsers *b, 38 schedulingGates
  []PodSchedulingGate, 39 resourceClaims []PodResourceClaim, 40 resources *ResourceRequirements,
  41 hostnameOverride *s, 43 schedulingGroup *PodSchedulingGroup, 44 evictionResponders
  []EvictionResponder
PodStatus: 1 phase s, 2 conditions []PodCondition, 3 message s, 4 reason s, 5 hostIP s, 6 podIP s,
  7 startTime *Time, 8 containerStatuses []ContainerStatus, 9 qosClass s, 10 initContainerStatuses
  []ContainerStatus, 11 nominatedNodeName s, 12 podIPs []PodIP, 13 ephemeralContainerStatuses
  []ContainerStatus, 14 resize s, 15 resourceClaimStatuses []PodResourceClaimStatus, 16 hostIPs
  []HostIP, 17 observedGeneration i, 18 extendedResourceClaimStatus
  *PodExtendedResourceClaimStatus, 19 allocatedResources {}Quantity, 20 resources
  *ResourceRequirements, 21 nodeAllocatableResourceClaimStatuses
  []NodeAllocatableResourceClaimStatus, 22 volumeHealth []PodVolumeHealth
NodeSpec: 1 podCIDR s, 2 externalID s, 3 providerID s, 4 unschedulable b, 5 taints []Taint, 6
  configSource *NodeConfigSource, 7 podCIDRs []s, 8 podPreemptionPolicy *NodePodPreemptionPolicy
NodeStatus: 1 capacity {}Quantity, 2 allocatable {}Quantity, 3 phase s, 4 conditions
  []NodeCondition, 5 addresses []NodeAddress, 6 daemonEndpoints NodeDaemonEndpoints, 7 nodeInfo
  NodeSystemInfo, 8 images []ContainerImage, 9 volumesInUse []s, 10 volumesAttached
  []AttachedVolume, 11 config *NodeConfigStatus, 12 runtimeHandlers []NodeRuntimeHandler, 13
  features *NodeFeatures, 14 declaredFeatures []s
ObjectReference: 1 kind s, 2 namespace s, 3 name s, 4 uid s, 5 apiVersion s, 6 resourceVersion s,
  7 fieldPath s
LocalObjectReference: 1 name s
EventSource: 1 component s, 2 host s
EventSeries: 1 count i, 2 lastObservedTime MicroTime
PersistentVolumeSpec: 1 capacity {}Quantity, 2 - PersistentVolumeSource, 3 accessModes []s, 4
  claimRef *ObjectReference, 5 persistentVolumeReclaimPolicy s, 6 storageClassName s, 7
  mountOptions []s, 8 volumeMode *s, 9 nodeAffinity *VolumeNodeAffinity, 10
  volumeAttributesClassName *s
PersistentVolumeStatus: 1 phase s, 2 message s, 3 reason s, 4 lastPhaseTransitionTime *Time
PersistentVolumeClaimSpec: 1 accessModes []s, 2 resources VolumeResourceRequirements, 3 volumeName
  s, 4 selector *LabelSelector, 5 storageClassName *s, 6 volumeMode *s, 7 dataSource
  *TypedLocalObjectReference, 8 dataSourceRef *TypedObjectReference, 9 volumeAttributesClassName
  *s
PersistentVolumeClaimStatus: 1 phase s, 2 accessModes []s, 3 capacity {}Quantity, 4 conditions
  []PersistentVolumeClaimCondition, 5 allocatedResources {}Quantity, 7 allocatedResourceStatuses
  {}s, 8 currentVolumeAttributesClassName *s, 9 modifyVolumeStatus *ModifyVolumeStatus, 10
  healthStatus *VolumeHealthStatus
LimitRangeSpec: 1 limits []LimitRangeItem
ResourceQuotaSpec: 1 hard {}Quantity, 2 scopes []s, 3 scopeSelector *ScopeSelector
ResourceQuotaStatus: 1 hard {}Quantity, 2 used {}Quantity
EndpointSubset: 1 addresses []EndpointAddress, 2 notReadyAddresses []EndpointAddress, 3 ports
  []EndpointPort
StatefulSetSpec: 1 replicas *i, 2 selector *LabelSelector, 3 template PodTemplateSpec, 4
  volumeClaimTemplates []PersistentVolumeClaim, 5 serviceName s, 6 podManagementPolicy s, 7
  updateStrategy StatefulSetUpdateStrategy, 8 revisionHistoryLimit *i, 9 minReadySeconds i, 10
  persistentVolumeClaimRetentionPolicy *StatefulSetPersistentVolumeClaimRetentionPolicy, 11
  ordinals *StatefulSetOrdinals
StatefulSetStatus: 1 observedGeneration i, 2 replicas i, 3 readyReplicas i, 4 currentReplicas i, 5
  updatedReplicas i, 6 currentRevision s, 7 updateRevision s, 9 collisionCount *i, 10 conditions
  []StatefulSetCondition, 11 availableReplicas i
DeploymentSpec: 1 replicas *i, 2 selector *LabelSelector, 3 template PodTemplateSpec, 4 strategy
  DeploymentStrategy, 5 minReadySeconds i, 6 revisionHistoryLimit *i, 7 paused b, 9
  progressDeadlineSeconds *i
)";

}  // namespace holdfast::sandbox
