// Fields of metadata, namespaces, nodes, services, events, configuration. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaCluster = R"table(
= core.ConfigMap | Configuration as keys and values.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
immutable bool | Whether the data may no longer be changed.
data map:string | The data, by key.
binaryData map:bytes | Values that need not be UTF-8, in base64.
= core.Endpoints | Addresses behind a service, in the older form.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
subsets []EndpointSubset | Addresses with the same ports.
= core.Event | A report about an object.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata! meta.ObjectMeta | Name, labels and other data that every object has.
involvedObject! ObjectReference | The object that the event is about.
reason string | One word for machines.
message string | What happened, for people.
source EventSource | Where it comes from.
firstTimestamp time | When it was seen first.
lastTimestamp time | When it was seen last.
count int32 | How often it happened.
type string | The type.
eventTime microtime | When it was first observed.
series EventSeries | Set when it happened many times.
action string | What was done.
related ObjectReference | A second object that plays a part.
reportingComponent string | Controller that reports.
reportingInstance string | Instance of the controller.
= core.LimitRange |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec LimitRangeSpec | The wanted state.
= core.Namespace | A space for names.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec NamespaceSpec | The wanted state.
status NamespaceStatus | The observed state.
= core.Node | A machine of the cluster.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec NodeSpec | The wanted state.
status NodeStatus | The observed state.
= core.ResourceQuota |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec ResourceQuotaSpec | The wanted state.
status ResourceQuotaStatus | The observed state.
= core.Secret | Keys and values that are to be kept confidential.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
immutable bool | Whether the data may no longer be changed.
data map:bytes | The data, by key.
stringData map:string | Values as plain text; written only, merged into data.
type string | What the data means; fixed at creation.
= core.ServiceAccount | An identity for pods.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
secrets []ObjectReference @name ^name | Secrets that may be used.
imagePullSecrets []LocalObjectReference | Secrets for pulling images.
automountServiceAccountToken bool | Whether a token of the service account is mounted.
= core.Service | A name and address for pods.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec ServiceSpec | The wanted state.
status ServiceStatus | The observed state.
= meta.ObjectMeta | Data that every stored object has.
name string | Unique in the namespace and resource; fixed at creation.
generateName string | Prefix from which the server makes a unique name.
namespace string | Space in which the name is unique; fixed at creation.
selfLink string | Deprecated and empty.
uid string | Unique over time and space; set by the server.
resourceVersion string | Version of the object in the store; opaque but for equality and order.
generation int64 | Counts changes of the wanted state; set by the server.
creationTimestamp time | When the server created the object; set by the server.
deletionTimestamp time | When the object is to be gone; set by a deletion, final.
deletionGracePeriodSeconds int64 | Seconds that termination may take; only ever shortened.
labels map:string | Keys and values that selectors choose by.
annotations map:string | Free text about the object, by key; nothing selects by it.
ownerReferences []OwnerReference @uid ^uid | Objects that this one depends on; it is collected when none of them is left.
finalizers []string @set ^ | Names that have to be taken away before a deleted object goes.
managedFields []ManagedFieldsEntry | Who wrote which fields, and how.
= core.EndpointSubset |
addresses []EndpointAddress | The addresses.
notReadyAddresses []EndpointAddress | Addresses that are not ready.
ports []EndpointPort | The ports.
= core.ObjectReference @atomic |
kind string | Kind of the object in this schema.
namespace string | The namespace.
name string | The name.
uid string | Unique over time and space; set by the server.
apiVersion string | Group and version of the schema this object is written in.
resourceVersion string | Version of the object in the store; opaque but for equality and order.
fieldPath string | Path of a field.
= core.EventSource |
component string | Component that reports.
host string | Host; the pod's address when it is absent.
= core.EventSeries |
count int32 | How often it happened.
lastObservedTime microtime | When it was seen last.
= core.LimitRangeSpec |
limits! []LimitRangeItem | The most that may be used.
= core.NamespaceSpec |
finalizers []string | Names that have to be taken away before a deleted object goes.
= core.NamespaceStatus |
phase string | Where in its life it is.
conditions []NamespaceCondition @type ^type | Latest observations of the object's state.
= core.NodeSpec |
podCIDR string | Addresses of the pods of this node.
podCIDRs []string @set ^ | Addresses of the pods of this node, by family.
providerID string | What the provider calls the node.
unschedulable bool | Whether new pods are kept away.
taints []Taint | Taints that keep pods away.
configSource NodeConfigSource | Where the kubelet's configuration comes from; deprecated.
externalID string | Deprecated and unused.
= core.NodeStatus |
capacity map:quantity | How much there is, by resource.
allocatable map:quantity | What is left for pods.
phase string | Where in its life it is.
conditions []NodeCondition @type ^type | Latest observations of the object's state.
addresses []NodeAddress @type ^type | The addresses.
daemonEndpoints NodeDaemonEndpoints | Ports of the node's daemons.
nodeInfo NodeSystemInfo | Versions and ids of the node.
images []ContainerImage | Images that are on the node.
volumesInUse []string | Volumes that are mounted on the node.
volumesAttached []AttachedVolume | Volumes that are attached to the node.
config NodeConfigStatus | Configuration of the kubelet.
runtimeHandlers []NodeRuntimeHandler | Runtimes of the node.
features NodeFeatures | Features of the runtime.
declaredFeatures []string | Features the node says that it has.
= core.ResourceQuotaSpec |
hard map:quantity | Limits by resource.
scopes []string | Pods that count.
scopeSelector ScopeSelector | Pods that count, by scope.
= core.ResourceQuotaStatus |
hard map:quantity | Limits by resource.
used map:quantity | What is used, by resource.
= core.LocalObjectReference @atomic |
name string | The name.
= core.ServiceSpec |
ports []ServicePort @port,protocol ^port | The ports.
selector map:string @atomic | Labels of the pods behind the service.
clusterIP string | Virtual address of the service; "None" makes it headless; fixed once set.
clusterIPs []string | All virtual addresses; the first equals clusterIP.
type string | ClusterIP, NodePort, LoadBalancer or ExternalName.
externalIPs []string | More addresses that lead to the service; not managed here.
sessionAffinity string | ClientIP or None.
loadBalancerIP string | Address asked for; deprecated.
loadBalancerSourceRanges []string | Clients that may use the load balancer.
externalName string | Name that DNS answers with for type ExternalName.
externalTrafficPolicy string | Whether traffic from outside stays on its node: Cluster or Local.
healthCheckNodePort int32 | Port for health checks of load balancers.
publishNotReadyAddresses bool | Whether pods that are not ready are published too.
sessionAffinityConfig SessionAffinityConfig | Settings of the affinity.
ipFamilies []string | Families of the addresses: IPv4, IPv6.
ipFamilyPolicy string | SingleStack, PreferDualStack or RequireDualStack.
allocateLoadBalancerNodePorts bool | Whether a load balancer service gets node ports.
loadBalancerClass string | Which implementation serves the load balancer.
internalTrafficPolicy string | Whether traffic from inside stays on its node: Cluster or Local.
trafficDistribution string | Which endpoints are preferred.
= core.ServiceStatus |
loadBalancer LoadBalancerStatus | State of the load balancer.
conditions []meta.Condition @type ^type | Latest observations of the object's state.
= core.TopologySelectorTerm @atomic |
matchLabelExpressions []TopologySelectorLabelRequirement | Requirements on labels; all must hold.
= meta.LabelSelector @atomic | Chooses objects by their labels; all requirements must hold.
matchLabels map:string | Labels that must be there with these values.
matchExpressions []LabelSelectorRequirement | Requirements on keys and values; all must hold.
= meta.OwnerReference @atomic |
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
name! string | The name.
uid! string | Unique over time and space; set by the server.
controller bool | Whether the owner is the managing controller; at most one is.
blockOwnerDeletion bool | Whether a foreground deletion of the owner waits for this object.
= meta.ManagedFieldsEntry |
manager string | Name of who wrote the fields.
operation string | Apply or Update.
apiVersion string | Group and version of the schema this object is written in.
time time | When it was.
fieldsType string | Format of the field set: FieldsV1.
fieldsV1 object | The set of fields.
subresource string | Subresource through which it was written.
= core.EndpointAddress @atomic |
ip! string | The IP address.
hostname string | Host name inside the pod; the pod's name by default.
nodeName string | Name of the node.
targetRef ObjectReference | The object behind the endpoint.
= core.EndpointPort @atomic |
name string | The name.
port! int32 | The port.
protocol string | TCP, UDP or SCTP.
appProtocol string | Protocol spoken on the port, as a hint for implementations.
= core.LimitRangeItem |
type! string | The type.
max map:quantity | The most.
min map:quantity | The least.
default map:quantity | Limit for containers that give none.
defaultRequest map:quantity | Request for containers that give none.
maxLimitRequestRatio map:quantity | Largest ratio of limit to request.
= core.NamespaceCondition |
type! string | The type.
status! string | The observed state.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= core.Taint |
key! string | The key.
value string | The value.
effect! string | NoSchedule, PreferNoSchedule or NoExecute.
timeAdded time | When it was added.
= core.NodeConfigSource |
configMap ConfigMapNodeConfigSource | A ConfigMap's keys as files.
= core.NodeCondition |
type! string | The type.
status! string | The observed state.
lastHeartbeatTime time | When it was last confirmed.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= core.NodeAddress |
type! string | The type.
address! string | The address.
= core.NodeDaemonEndpoints |
kubeletEndpoint DaemonEndpoint | Where the kubelet listens.
= core.NodeSystemInfo |
machineID! string | Id of the machine.
systemUUID! string | Id of the system.
bootID! string | Changes with every boot.
kernelVersion! string | Version of the kernel.
osImage! string | Distribution and version.
containerRuntimeVersion! string | Runtime and version.
kubeletVersion! string | Version of the kubelet.
kubeProxyVersion! string | Deprecated and unused.
operatingSystem! string | Operating system.
architecture! string | Processor architecture.
swap NodeSwapStatus | Swap of the node.
= core.ContainerImage |
names []string | Names of the image.
sizeBytes int64 | Size in bytes.
= core.AttachedVolume |
name! string | The name.
devicePath! string | Path of the device.
= core.NodeConfigStatus |
assigned NodeConfigSource | Configuration the node was told to use.
active NodeConfigSource | Configuration in use.
lastKnownGood NodeConfigSource | Configuration to fall back to.
error string | What went wrong.
= core.NodeRuntimeHandler |
name string | The name.
features NodeRuntimeHandlerFeatures | Features of the runtime.
= core.NodeFeatures |
supplementalGroupsPolicy bool | Merge with the image's groups, or Strict.
= core.TypedLocalObjectReference @atomic |
apiGroup string | Group of the referenced kind; empty for the core group.
kind string | Kind of the object in this schema.
name! string | The name.
= core.NodeAllocatableResourceClaimStatus |
resourceClaimName! string | Name of a ResourceClaim.
containers []string @set | The containers of the pod; at least one.
resources! map:quantity | Resources that are needed, and their limits.
= core.ScopeSelector @atomic |
matchExpressions []ScopedResourceSelectorRequirement | Requirements on keys and values; all must hold.
= core.ServicePort |
name string | The name.
protocol string | TCP, UDP or SCTP.
appProtocol string | Protocol spoken on the port, as a hint for implementations.
port! int32 | The port.
targetPort intorstring | Port of the pods, by number or name; the same as port by default.
nodePort int32 | Port on every node.
= core.SessionAffinityConfig |
clientIP ClientIPConfig | Settings of affinity by client address.
= core.LoadBalancerStatus |
ingress []LoadBalancerIngress | Entry points of the load balancer.
= meta.Condition |
type! string | The type.
status! string | The observed state.
observedGeneration int64 | Generation that the controller has acted on.
lastTransitionTime! time | When the status last changed.
reason! string | One word for machines.
message! string | What happened, for people.
= core.TopologySelectorLabelRequirement |
key! string | The key.
values! []string | The values.
= meta.LabelSelectorRequirement |
key! string | The key.
operator! string | How key and values are compared.
values []string | The values.
= core.ConfigMapNodeConfigSource |
namespace! string | The namespace.
name! string | The name.
uid string | Unique over time and space; set by the server.
resourceVersion string | Version of the object in the store; opaque but for equality and order.
kubeletConfigKey! string | Key that holds the configuration.
= core.DaemonEndpoint |
Port! int32 | Port the daemon listens on.
= core.NodeSwapStatus |
capacity int64 | How much there is, by resource.
= core.NodeRuntimeHandlerFeatures |
recursiveReadOnlyMounts bool | Whether the runtime can do that.
userNamespaces bool | Whether the runtime has user namespaces.
= core.SecretReference @atomic |
name string | The name.
namespace string | The namespace.
= core.ScopedResourceSelectorRequirement |
scopeName! string | Name of the scope.
operator! string | How key and values are compared.
values []string | The values.
= core.ClientIPConfig |
timeoutSeconds int32 | Seconds until it counts as failed.
= core.LoadBalancerIngress |
ip string | The IP address.
hostname string | Host name inside the pod; the pod's name by default.
ipMode string | How the address is reached.
ports []PortStatus | The ports.
= core.PortStatus |
port int32 | The port.
protocol string | TCP, UDP or SCTP.
error string | What went wrong.
= core.ObjectFieldSelector @atomic |
apiVersion string | Group and version of the schema this object is written in.
fieldPath! string | Path of a field.
)table";

}  // namespace holdfast::sandbox
