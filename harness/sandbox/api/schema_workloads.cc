// Fields of sets, budgets, roles, priorities, slices and leases. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaWorkloads = R"table(
= apps.ControllerRevision | A former template of a set, never changed.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
data object | The data, by key.
revision! int64 | The revision.
= apps.Deployment | Pods that can replace each other, with roll-outs.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec DeploymentSpec | The wanted state.
status DeploymentStatus | The observed state.
= apps.ReplicaSet | A number of pods that can replace each other.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec ReplicaSetSpec | The wanted state.
status ReplicaSetStatus | The observed state.
= apps.StatefulSet | A set of pods with stable names, addresses and volumes, which are made, updated and removed in order.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec StatefulSetSpec | The wanted state.
status StatefulSetStatus | The observed state.
= coordination.Lease | A lock that has to be renewed.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec LeaseSpec | The wanted state.
= discovery.EndpointSlice | Addresses of pods behind a service.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
addressType! string | Kind of the addresses in this slice: IPv4, IPv6 or FQDN; fixed at creation.
endpoints []Endpoint | The endpoints.
ports []EndpointPort | The ports.
= events.Event | A report about an object.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
eventTime! microtime | When it was first observed.
series EventSeries | Set when it happened many times.
reportingController string | Controller that reports.
reportingInstance string | Instance of the controller.
action string | What was done.
reason string | One word for machines.
regarding core.ObjectReference | The object that the event is about.
related core.ObjectReference | A second object that plays a part.
note string | What happened, for people.
type string | The type.
deprecatedSource core.EventSource | Source of the older shape.
deprecatedFirstTimestamp time | First time, of the older shape.
deprecatedLastTimestamp time | Last time, of the older shape.
deprecatedCount int32 | Count of the older shape.
= policy.PodDisruptionBudget | How many pods of a selection may be evicted.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec PodDisruptionBudgetSpec | The wanted state.
status PodDisruptionBudgetStatus | The observed state.
= rbac.ClusterRole |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
rules []PolicyRule | What is allowed.
aggregationRule AggregationRule | Where the rules come from when they are collected from other roles.
= rbac.ClusterRoleBinding |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
subjects []Subject | Who is given the role.
roleRef! RoleRef | The role that is given.
= rbac.Role |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
rules []PolicyRule | What is allowed.
= rbac.RoleBinding |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
subjects []Subject | Who is given the role.
roleRef! RoleRef | The role that is given.
= scheduling.PriorityClass | A name for a priority.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
value int32 | The value.
globalDefault bool | Whether pods without a class get this one.
description string | What it is for.
preemptionPolicy string | PreemptLowerPriority or Never.
= autoscaling.Scale | The number of pods of a workload.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec ScaleSpec | The wanted state.
status ScaleStatus | The observed state.
= authentication.TokenRequest |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec TokenRequestSpec | The wanted state.
status TokenRequestStatus | The observed state.
= apps.DeploymentSpec |
replicas int32 | Number of pods.
selector! meta.LabelSelector | Labels by which the deployment knows its pods; fixed at creation.
template! core.PodTemplateSpec | What each pod looks like.
strategy DeploymentStrategy ~ | How pods are replaced when the template changes.
minReadySeconds int32 | Seconds a pod must be ready before it counts as available.
revisionHistoryLimit int32 | How many old revisions are kept.
paused bool | Whether the controller leaves the template alone.
progressDeadlineSeconds int32 | Seconds without progress after which the roll-out counts as failed.
= apps.DeploymentStatus |
observedGeneration int64 | Generation that the controller has acted on.
replicas int32 | Number of pods.
updatedReplicas int32 | Pods made from the newest template.
readyReplicas int32 | Pods that are ready.
availableReplicas int32 | Pods that have been ready for at least minReadySeconds.
unavailableReplicas int32 | Pods that are still missing.
terminatingReplicas int32 | Pods that are going away.
conditions []DeploymentCondition @type ^type | Latest observations of the object's state.
collisionCount int32 | Counts clashes of generated names.
= apps.ReplicaSetSpec |
replicas int32 | Number of pods.
minReadySeconds int32 | Seconds a pod must be ready before it counts as available.
selector! meta.LabelSelector | Which objects are meant, by label.
template core.PodTemplateSpec | What each pod looks like.
= apps.ReplicaSetStatus |
replicas int32 | Number of pods.
fullyLabeledReplicas int32 | Pods with all labels of the template.
readyReplicas int32 | Pods that are ready.
availableReplicas int32 | Pods that have been ready for at least minReadySeconds.
terminatingReplicas int32 | Pods that are going away.
observedGeneration int64 | Generation that the controller has acted on.
conditions []ReplicaSetCondition @type ^type | Latest observations of the object's state.
= apps.StatefulSetSpec | What a StatefulSet should look like.
replicas int32 | Wanted number of pods; 1 by default.
selector! meta.LabelSelector | Labels by which the set knows its pods; must match the template's; fixed at creation.
template! core.PodTemplateSpec | What each pod looks like; its name, host name and claims are added by its ordinal.
volumeClaimTemplates []core.PersistentVolumeClaim | Claims that each pod gets; the claim is named after the template and the pod; fixed at creation.
serviceName string | Headless service that gives the pods their DNS names; fixed at creation.
podManagementPolicy string | OrderedReady makes and removes pods one after the other, Parallel all at once; fixed at creation.
updateStrategy StatefulSetUpdateStrategy | How pods are replaced when the template changes.
revisionHistoryLimit int32 | How many revisions that no pod uses are kept; 10 by default.
minReadySeconds int32 | Seconds a pod must be ready, without a container failing, before it counts as available; 0 by default.
persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy | What happens to the claims when the set is scaled down or deleted.
ordinals StatefulSetOrdinals | How the pods are numbered.
= apps.StatefulSetStatus | What the controller of the set has observed.
observedGeneration int64 | Generation that the controller has acted on.
replicas int32 | Pods that the set has made.
readyReplicas int32 | Pods that are ready.
currentReplicas int32 | Pods made from currentRevision.
updatedReplicas int32 | Pods made from the newest template.
currentRevision string | Revision of the pods that are not updated yet.
updateRevision string | Revision that pods are updated to.
collisionCount int32 | Counts clashes of generated names.
conditions []StatefulSetCondition @type ^type | Latest observations of the object's state.
availableReplicas int32 | Pods that have been ready for at least minReadySeconds.
= coordination.LeaseSpec |
holderIdentity string | Who holds the lease.
leaseDurationSeconds int32 | Seconds without renewal after which others may take it.
acquireTime microtime | When the present holder took the lease.
renewTime microtime | When the lease was last renewed.
leaseTransitions int32 | How often the holder changed.
strategy string | How pods are replaced.
preferredHolder string | Who should hold the lease.
= discovery.Endpoint |
addresses! []string @set | The addresses.
conditions EndpointConditions | Latest observations of the object's state.
hostname string | Host name inside the pod; the pod's name by default.
targetRef core.ObjectReference | The object behind the endpoint.
deprecatedTopology map:string | Topology of the older shape.
nodeName string | Name of the node.
zone string | The zone.
hints EndpointHints | Hints about who should use the endpoint.
= discovery.EndpointPort @atomic |
name string | The name.
protocol string | TCP, UDP or SCTP.
port int32 | The port.
appProtocol string | Protocol spoken on the port, as a hint for implementations.
= events.EventSeries |
count! int32 | How often it happened.
lastObservedTime! microtime | When it was seen last.
= policy.PodDisruptionBudgetSpec |
minAvailable intorstring | How many pods must stay available; number or percentage.
selector meta.LabelSelector | Labels of the pods that are counted; an empty selector is all of the namespace.
maxUnavailable intorstring | How many pods may be unavailable at once; number or percentage.
unhealthyPodEvictionPolicy string | When pods that run but are not ready may be evicted: IfHealthyBudget or AlwaysAllow.
= policy.PodDisruptionBudgetStatus |
observedGeneration int64 | Generation that the controller has acted on.
disruptedPods map:time | Pods whose eviction was granted but not seen yet, with the time.
disruptionsAllowed int32 | Evictions that are granted now.
currentHealthy int32 | Matching pods that are healthy now.
desiredHealthy int32 | Healthy pods that are asked for.
expectedPods int32 | Pods that the budget counts.
conditions []meta.Condition @type ^type | Latest observations of the object's state.
= rbac.PolicyRule |
verbs! []string | What may be done; "*" is everything.
apiGroups []string | Groups the rule covers; "*" is all of them.
resources []string | Resources that are needed, and their limits.
resourceNames []string | Objects the rule covers; all when it is absent.
nonResourceURLs []string | Paths outside the resources.
= rbac.AggregationRule |
clusterRoleSelectors []meta.LabelSelector | Which roles are collected.
= rbac.Subject @atomic |
kind! string | Kind of the object in this schema.
apiGroup string | Group of the referenced kind; empty for the core group.
name! string | The name.
namespace string | The namespace.
= rbac.RoleRef @atomic |
apiGroup string | Group of the referenced kind; empty for the core group.
kind! string | Kind of the object in this schema.
name! string | The name.
= autoscaling.ScaleSpec |
replicas int32 | Number of pods.
= autoscaling.ScaleStatus |
replicas int32 | Number of pods.
selector string | Which objects are meant, by label.
= authentication.TokenRequestSpec |
audiences []string | For whom the token is meant.
expirationSeconds int64 | How long it is valid.
boundObjectRef BoundObjectReference | Object whose life bounds that of the token.
= authentication.TokenRequestStatus |
token string | The token.
expirationTimestamp time | When it ends.
= apps.DeploymentStrategy |
type string | The type.
rollingUpdate RollingUpdateDeployment | Settings of type RollingUpdate.
= apps.DeploymentCondition |
type! string | The type.
status! string | The observed state.
lastUpdateTime time | When it was last written.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= apps.ReplicaSetCondition |
type! string | The type.
status! string | The observed state.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= apps.StatefulSetUpdateStrategy | How pods are replaced when the template changes.
type string | RollingUpdate replaces pods from the highest ordinal down, OnDelete only those that somebody deletes.
rollingUpdate RollingUpdateStatefulSetStrategy | Settings of type RollingUpdate.
= apps.StatefulSetPersistentVolumeClaimRetentionPolicy | What happens to the claims of a StatefulSet.
whenDeleted string | Retain or Delete: what happens to the claims when the set is deleted.
whenScaled string | Retain or Delete: what happens to the claims of pods that a scale-down removes.
= apps.StatefulSetOrdinals | How the pods of a StatefulSet are numbered.
start int32 | Number of the first pod; 0 by default.
= apps.StatefulSetCondition |
type! string | The type.
status! string | The observed state.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= discovery.EndpointConditions |
ready bool | Whether it is ready.
serving bool | Whether it answers, also while it terminates.
terminating bool | Whether it is going away.
= discovery.EndpointHints |
forZones []ForZone | Zones whose traffic is meant for it.
forNodes []ForNode | Nodes whose traffic is meant for it.
= authentication.BoundObjectReference |
kind string | Kind of the object in this schema.
apiVersion string | Group and version of the schema this object is written in.
name string | The name.
uid string | Unique over time and space; set by the server.
= apps.RollingUpdateDeployment |
maxUnavailable intorstring | How many pods may be unavailable at once; number or percentage.
maxSurge intorstring | How many pods more than wanted an update may make; number or percentage.
= apps.RollingUpdateStatefulSetStrategy | Settings of rolling updates of a StatefulSet.
partition int32 | Ordinal from which on pods are updated: those below keep the old revision. Relative to spec.ordinals.start; 0 updates all of them.
maxUnavailable intorstring | The most pods that an update may have unavailable at once, as a number or percentage; 1 by default.
= discovery.ForZone |
name! string | The name.
= discovery.ForNode |
name! string | The name.
)table";

}  // namespace holdfast::sandbox
