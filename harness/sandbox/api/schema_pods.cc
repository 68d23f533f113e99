// Fields of pods and containers. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaPods = R"table(
= core.Pod | Containers that run together on one node.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec PodSpec | The wanted state.
status PodStatus | The observed state.
= core.PodSpec | What a pod should look like.
volumes []Volume @name ^name ~ | Volumes that containers of the pod can mount.
initContainers []Container @name ^name | Containers that run, in order, before the others start; with restartPolicy Always a sidecar.
containers! []Container @name ^name | The containers of the pod; at least one.
ephemeralContainers []EphemeralContainer @name ^name | Containers added to the running pod for debugging.
restartPolicy string | Always, OnFailure or Never.
terminationGracePeriodSeconds int64 | Seconds between the request to stop and the kill; 0 kills at once.
activeDeadlineSeconds int64 | Seconds the pod may be active on its node before it is ended as failed.
dnsPolicy string | ClusterFirst, ClusterFirstWithHostNet, Default or None.
nodeSelector map:string @atomic | Labels that a node must have to get the pod.
serviceAccountName string | Account that the pod acts as.
serviceAccount string | Deprecated: use serviceAccountName.
automountServiceAccountToken bool | Whether a token of the service account is mounted.
nodeName string | Node that runs the pod; set by the scheduler.
hostNetwork bool | Whether to share the node's network.
hostPID bool | Whether to share the node's process ids.
hostIPC bool | Whether to share the node's IPC.
shareProcessNamespace bool | Whether the containers see each other's processes.
securityContext PodSecurityContext | Rights and ids to run with.
imagePullSecrets []LocalObjectReference @name ^name | Secrets for pulling images.
hostname string | Host name inside the pod; the pod's name by default.
subdomain string | Subdomain of the pod's name, which a headless service publishes.
affinity Affinity | Constraints and wishes about where the pod is placed.
schedulerName string | Who places the pod.
tolerations []Toleration | Taints that the pod puts up with.
hostAliases []HostAlias @ip ^ip | Lines for the pod's hosts file.
priorityClassName string | Class that gives the priority.
priority int32 | The higher, the more important; filled in from the class.
dnsConfig PodDNSConfig | Settings merged into what dnsPolicy gives.
readinessGates []PodReadinessGate | Conditions that must be True besides the containers' readiness.
runtimeClassName string | Which runtime to use.
enableServiceLinks bool | Whether services show as environment variables.
preemptionPolicy string | PreemptLowerPriority or Never.
overhead map:quantity | Resources that running the pod costs by itself.
topologySpreadConstraints []TopologySpreadConstraint @topologyKey,whenUnsatisfiable ^topologyKey | How the pods are spread over domains.
setHostnameAsFQDN bool | Whether the host name is the whole domain name.
os PodOS | Operating system of the pod.
hostUsers bool | Whether to share the node's user ids.
schedulingGates []PodSchedulingGate @name ^name | Names that hold the pod back from being placed.
resourceClaims []PodResourceClaim @name ^name ~ | Device claims that the pod needs.
resources ResourceRequirements | Resources that are needed, and their limits.
hostnameOverride string | Host name inside the pod, whole, without effect on DNS.
schedulingGroup PodSchedulingGroup | Group that is placed together.
= core.PodStatus |
observedGeneration int64 | Generation that the controller has acted on.
phase string | Where in its life it is.
conditions []PodCondition @type ^type | Latest observations of the object's state.
message string | What happened, for people.
reason string | One word for machines.
nominatedNodeName string | Node that is being made free for the pod.
hostIP string | Address of the node.
hostIPs []HostIP ^ip | All addresses of the node.
podIP string | Address of the pod.
podIPs []PodIP @ip ^ip | All addresses of the pod.
startTime time | When the node saw the pod first.
initContainerStatuses []ContainerStatus | State of each init container.
containerStatuses []ContainerStatus | State of each container.
qosClass string | Guaranteed, Burstable or BestEffort.
ephemeralContainerStatuses []ContainerStatus | State of each ephemeral container.
resize string | State of a resize; deprecated.
resourceClaimStatuses []PodResourceClaimStatus @name ^name ~ | Claims made for the pod.
extendedResourceClaimStatus PodExtendedResourceClaimStatus | Claim made for extended resources.
allocatedResources map:quantity | Amounts that are granted now.
resources ResourceRequirements | Resources that are needed, and their limits.
nodeAllocatableResourceClaimStatuses []NodeAllocatableResourceClaimStatus | State of claims for resources of the node.
= core.Container | One container of a pod.
name! string | Name of the container, unique in the pod; fixed.
image string | Image to run.
command []string | Entry point; $(NAME) is expanded; the image's when it is absent.
args []string | Arguments of the entry point; $(NAME) is expanded.
workingDir string | Working directory.
ports []ContainerPort @containerPort,protocol ^containerPort | The ports.
envFrom []EnvFromSource | Sources of many environment variables; later ones win.
env []EnvVar @name ^name | Environment variables.
resources ResourceRequirements | Resources that are needed, and their limits.
resizePolicy []ContainerResizePolicy | What a change of a resource does to the container.
restartPolicy string | Always, OnFailure or Never.
restartPolicyRules []ContainerRestartRule | Rules that decide about a restart by exit code.
volumeMounts []VolumeMount @mountPath ^mountPath | Volumes of the pod that are mounted in the container.
volumeDevices []VolumeDevice @devicePath ^devicePath | Block devices of the container.
livenessProbe Probe | Restarts the container when it fails.
readinessProbe Probe | Decides whether the container is ready.
startupProbe Probe | Holds the other probes back until it passes.
lifecycle Lifecycle | Actions at the start and at the end of the container.
terminationMessagePath string | File whose contents become the message of the end.
terminationMessagePolicy string | File, or FallbackToLogsOnError.
imagePullPolicy string | Always, IfNotPresent or Never.
securityContext SecurityContext | Rights and ids to run with.
stdin bool | Whether standard input stays open.
stdinOnce bool | Whether standard input closes after the first client.
tty bool | Whether it gets a terminal.
= core.EphemeralContainer |
name! string | The name.
image string | The image.
command []string | Entry point; $(NAME) is expanded; the image's when it is absent.
args []string | Arguments of the entry point; $(NAME) is expanded.
workingDir string | Working directory.
ports []ContainerPort @containerPort,protocol ^containerPort | The ports.
envFrom []EnvFromSource | Sources of many environment variables; later ones win.
env []EnvVar @name ^name | Environment variables.
resources ResourceRequirements | Resources that are needed, and their limits.
resizePolicy []ContainerResizePolicy | What a change of a resource does to the container.
restartPolicy string | Always, OnFailure or Never.
restartPolicyRules []ContainerRestartRule | Rules that decide about a restart by exit code.
volumeMounts []VolumeMount @mountPath ^mountPath | Volumes of the pod that are mounted in the container.
volumeDevices []VolumeDevice @devicePath ^devicePath | Block devices of the container.
livenessProbe Probe | Restarts the container when it fails.
readinessProbe Probe | Decides whether the container is ready.
startupProbe Probe | Holds the other probes back until it passes.
lifecycle Lifecycle | Actions at the start and at the end of the container.
terminationMessagePath string | File whose contents become the message of the end.
terminationMessagePolicy string | File, or FallbackToLogsOnError.
imagePullPolicy string | Always, IfNotPresent or Never.
securityContext SecurityContext | Rights and ids to run with.
stdin bool | Whether standard input stays open.
stdinOnce bool | Whether standard input closes after the first client.
tty bool | Whether it gets a terminal.
targetContainerName string | Container whose processes are shared.
= core.PodSecurityContext |
seLinuxOptions SELinuxOptions | SELinux label to run under.
windowsOptions WindowsSecurityContextOptions | Settings for Windows.
runAsUser int64 | User of the process.
runAsGroup int64 | Primary group of the process.
runAsNonRoot bool | Whether a root user is refused.
supplementalGroups []int64 | More groups of the process.
supplementalGroupsPolicy string | Merge with the image's groups, or Strict.
fsGroup int64 | Group that owns the volumes.
sysctls []Sysctl | Kernel settings of the pod.
fsGroupChangePolicy string | Whether ownership is always set, or only where the root differs.
seccompProfile SeccompProfile | Seccomp profile to run under.
appArmorProfile AppArmorProfile | AppArmor profile to run under.
seLinuxChangePolicy string | How volumes get their label.
= core.Affinity |
nodeAffinity NodeAffinity | From which nodes, or on which.
podAffinity PodAffinity | Near which pods.
podAntiAffinity PodAntiAffinity | Away from which pods.
= core.Toleration |
key string | The key.
operator string | How key and values are compared.
value string | The value.
effect string | NoSchedule, PreferNoSchedule or NoExecute.
tolerationSeconds int64 | How long NoExecute is tolerated; for ever when it is absent.
= core.HostAlias |
ip! string | The IP address.
hostnames []string | Names for the address.
= core.PodDNSConfig |
nameservers []string | Addresses of name servers.
searches []string | Domains to search.
options []PodDNSConfigOption | Options.
= core.PodReadinessGate |
conditionType! string | Condition of the pod that has to be True.
= core.TopologySpreadConstraint |
maxSkew! int32 | How unevenly the pods may be spread.
topologyKey! string | Label of nodes that makes the domains.
whenUnsatisfiable! string | DoNotSchedule or ScheduleAnyway.
labelSelector meta.LabelSelector | Which objects are meant, by label.
minDomains int32 | Fewest domains that count.
nodeAffinityPolicy string | Whether nodes that do not fit count.
nodeTaintsPolicy string | Whether tainted nodes count.
matchLabelKeys []string | Keys whose values of the new pod narrow the selection.
= core.PodOS |
name! string | The name.
= core.PodSchedulingGate |
name! string | The name.
= core.PodResourceClaim |
name! string | The name.
resourceClaimName string | Name of a ResourceClaim.
resourceClaimTemplateName string | Template to make a ResourceClaim from.
= core.ResourceRequirements |
limits map:quantity | The most that may be used.
requests map:quantity | The least that is asked for.
claims []ResourceClaim @name | Device claims that are used here.
= core.PodSchedulingGroup |
podGroupName string | Group that the pod is scheduled with.
= core.PodCondition |
type! string | The type.
observedGeneration int64 | Generation that the controller has acted on.
status! string | The observed state.
lastProbeTime time | When it was last looked at.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= core.HostIP |
ip! string | The IP address.
= core.PodIP |
ip! string | The IP address.
= core.ContainerStatus |
name string | The name.
state ContainerState | How the container is now.
lastState ContainerState | How the container ended last time.
ready bool | Whether it is ready.
restartCount int32 | How often the container was started again.
image string | The image.
imageID string | Id of the image with its digest.
containerID string | Id of the container in its runtime.
started bool | Whether the startup probe passed.
allocatedResources map:quantity | Amounts that are granted now.
resources ResourceRequirements | Resources that are needed, and their limits.
volumeMounts []VolumeMountStatus @mountPath ^mountPath | Volumes of the pod that are mounted in the container.
user ContainerUser | The user.
allocatedResourcesStatus []ResourceStatus @name ^name | State of devices that are granted.
stopSignal string | Signal that asks it to stop.
= core.PodResourceClaimStatus |
name string | The name.
resourceClaimName string | Name of a ResourceClaim.
= core.PodExtendedResourceClaimStatus |
requestMappings []ContainerExtendedResourceRequest | Which request stands for which resource.
resourceClaimName string | Name of a ResourceClaim.
= core.PodTemplateSpec | What pods made from this template look like.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec PodSpec | The wanted state.
= core.NodeSelector @atomic |
nodeSelectorTerms! []NodeSelectorTerm | Terms of which one must hold.
= core.ContainerPort |
name string | Name of the port, unique in the pod, which services can refer to.
hostPort int32 | Port on the node.
containerPort! int32 | Port number on the pod's address, 1 to 65535.
protocol string | TCP, UDP or SCTP.
hostIP string | Address of the node.
= core.EnvFromSource |
prefix string | Put before every name.
configMapRef ConfigMapEnvSource | The ConfigMap to take variables from.
secretRef SecretEnvSource | The Secret.
= core.EnvVar |
name! string | Name of the variable.
value string | Value, in which $(NAME) of earlier variables is expanded.
valueFrom EnvVarSource | Where the value comes from.
= core.ContainerResizePolicy |
resourceName! string | Name of the resource.
restartPolicy! string | Always, OnFailure or Never.
= core.ContainerRestartRule |
action! string | What was done.
exitCodes ContainerRestartRuleOnExitCodes | Exit codes that the rule looks at.
= core.VolumeMount |
name! string | Name of a volume of the pod.
readOnly bool | Whether it may only be read.
recursiveReadOnly string | Whether mounts below are read-only too.
mountPath! string | Path inside the container.
subPath string | Path inside the volume; its root by default.
mountPropagation string | None, HostToContainer or Bidirectional.
subPathExpr string | Path inside the volume, with $(NAME) expanded.
= core.VolumeDevice |
name! string | The name.
devicePath! string | Path of the device.
= core.Probe | A check of a container.
exec ExecAction | A command that runs in the container; exit code 0 is success.
httpGet HTTPGetAction | An HTTP request; 200 to 399 is success.
tcpSocket TCPSocketAction | A TCP connection that can be opened.
grpc GRPCAction | A gRPC health check.
initialDelaySeconds int32 | Seconds after the start before the first probe.
timeoutSeconds int32 | Seconds until it counts as failed.
periodSeconds int32 | Seconds between probes.
successThreshold int32 | Successes in a row that count as success again.
failureThreshold int32 | Failures in a row that count as failed.
terminationGracePeriodSeconds int64 | Seconds between the request to stop and the kill; 0 kills at once.
= core.Lifecycle |
postStart LifecycleHandler | Runs right after the container was created.
preStop LifecycleHandler | Runs before the container is asked to stop; its time counts as grace.
stopSignal string | Signal that asks it to stop.
= core.SecurityContext |
capabilities Capabilities | Linux capabilities to add and drop.
privileged bool | Whether the container may do what root of the node may.
seLinuxOptions SELinuxOptions | SELinux label to run under.
windowsOptions WindowsSecurityContextOptions | Settings for Windows.
runAsUser int64 | User of the process.
runAsGroup int64 | Primary group of the process.
runAsNonRoot bool | Whether a root user is refused.
readOnlyRootFilesystem bool | Whether the root file system may only be read.
allowPrivilegeEscalation bool | Whether a process may gain more privileges than its parent.
procMount string | How /proc is mounted.
seccompProfile SeccompProfile | Seccomp profile to run under.
appArmorProfile AppArmorProfile | AppArmor profile to run under.
= core.SELinuxOptions |
user string | The user.
role string | SELinux role.
type string | The type.
level string | SELinux level.
= core.WindowsSecurityContextOptions |
gmsaCredentialSpecName string | Name of a GMSA credential.
gmsaCredentialSpec string | Contents of a GMSA credential.
runAsUserName string | User of the process.
hostProcess bool | Whether it runs as a host process.
= core.Sysctl |
name! string | The name.
value! string | The value.
= core.SeccompProfile |
type! string | The type.
localhostProfile string | Profile that is loaded on the node.
= core.AppArmorProfile |
type! string | The type.
localhostProfile string | Profile that is loaded on the node.
= core.NodeAffinity |
requiredDuringSchedulingIgnoredDuringExecution NodeSelector | What must hold when the pod is placed.
preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm | Wishes with weights.
= core.PodAffinity |
requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm | What must hold when the pod is placed.
preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm | Wishes with weights.
= core.PodAntiAffinity |
requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm | What must hold when the pod is placed.
preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm | Wishes with weights.
= core.PodDNSConfigOption |
name string | The name.
value string | The value.
= core.ResourceClaim |
name! string | The name.
request string | One of the claim's requests.
= core.ContainerState |
waiting ContainerStateWaiting | Set while it is not yet running.
running ContainerStateRunning | Set while it runs.
terminated ContainerStateTerminated | Set once it has ended.
= core.VolumeMountStatus |
name string | The name.
mountPath string | Path inside the container.
readOnly bool | Whether it may only be read.
recursiveReadOnly string | Whether mounts below are read-only too.
volumeStatus VolumeStatus | State of the volume.
= core.ContainerUser |
linux LinuxContainerUser | Identity on Linux.
= core.ResourceStatus |
name! string | The name.
resources []ResourceHealth @resourceID | Resources that are needed, and their limits.
= core.ContainerExtendedResourceRequest |
containerName! string | The container that is meant.
resourceName! string | Name of the resource.
requestName! string | Name of the request.
= core.NodeSelectorTerm @atomic |
matchExpressions []NodeSelectorRequirement | Requirements on keys and values; all must hold.
matchFields []NodeSelectorRequirement | Requirements on fields of the node; all must hold.
= core.ConfigMapEnvSource |
name string | The name.
optional bool | Whether it may be missing.
= core.SecretEnvSource |
name string | The name.
optional bool | Whether it may be missing.
= core.EnvVarSource |
fieldRef ObjectFieldSelector | A field of the pod.
resourceFieldRef ResourceFieldSelector | A resource of a container.
configMapKeyRef ConfigMapKeySelector | A key of a ConfigMap.
secretKeyRef SecretKeySelector | A key of a Secret.
fileKeyRef FileKeySelector | A key of a file in a volume.
= core.ContainerRestartRuleOnExitCodes |
operator! string | How key and values are compared.
values []int32 @set | The values.
= core.ExecAction |
command []string | Entry point; $(NAME) is expanded; the image's when it is absent.
= core.HTTPGetAction |
path string | The path.
port! intorstring | The port.
host string | Host; the pod's address when it is absent.
scheme string | HTTP or HTTPS.
httpHeaders []HTTPHeader | Headers to send.
= core.TCPSocketAction |
port! intorstring | The port.
host string | Host; the pod's address when it is absent.
= core.GRPCAction |
port! int32 | The port.
service string | Name of the service to ask about.
= core.LifecycleHandler |
exec ExecAction | A command that runs in the container; exit code 0 is success.
httpGet HTTPGetAction | An HTTP request; 200 to 399 is success.
tcpSocket TCPSocketAction | A TCP connection that can be opened.
sleep SleepAction | Waits.
= core.Capabilities |
add []string | Capabilities given in addition.
drop []string | Capabilities taken away.
= core.PreferredSchedulingTerm |
weight! int32 | 1 to 100.
preference! NodeSelectorTerm | Which nodes are preferred.
= core.PodAffinityTerm |
labelSelector meta.LabelSelector | Which objects are meant, by label.
namespaces []string | Namespaces whose pods are meant, by name.
topologyKey! string | Label of nodes that makes the domains.
namespaceSelector meta.LabelSelector | Namespaces whose pods are meant, by label.
matchLabelKeys []string | Keys whose values of the new pod narrow the selection.
mismatchLabelKeys []string | Keys whose values of the new pod are excluded.
= core.WeightedPodAffinityTerm |
weight! int32 | 1 to 100.
podAffinityTerm! PodAffinityTerm | Which pods, and what near means.
= core.ContainerStateWaiting |
reason string | One word for machines.
message string | What happened, for people.
= core.ContainerStateRunning |
startedAt time | When it was started.
= core.ContainerStateTerminated |
exitCode! int32 | Exit code of the process.
signal int32 | Signal that ended it.
reason string | One word for machines.
message string | What happened, for people.
startedAt time | When it was started.
finishedAt time | When it ended.
containerID string | Id of the container in its runtime.
= core.VolumeStatus |
image ImageVolumeStatus | The image.
= core.LinuxContainerUser |
uid! int64 | Unique over time and space; set by the server.
gid! int64 | Primary group.
supplementalGroups []int64 | More groups of the process.
= core.ResourceHealth |
resourceID! string | Id of the device.
health string | Healthy, Unhealthy or Unknown.
message string | What happened, for people.
= core.NodeSelectorRequirement |
key! string | The key.
operator! string | How key and values are compared.
values []string | The values.
= core.ResourceFieldSelector @atomic |
containerName string | The container that is meant.
resource! string | The resource.
divisor quantity | Unit of the value.
= core.ConfigMapKeySelector @atomic |
name string | The name.
key! string | The key.
optional bool | Whether it may be missing.
= core.SecretKeySelector @atomic |
name string | The name.
key! string | The key.
optional bool | Whether it may be missing.
= core.FileKeySelector @atomic |
volumeName! string | Name of the volume.
path! string | The path.
key! string | The key.
optional bool | Whether it may be missing.
= core.HTTPHeader |
name! string | The name.
value! string | The value.
= core.SleepAction |
seconds! int64 | How long.
= core.ImageVolumeStatus |
imageRef! string | Digest of the image.
)table";

}  // namespace holdfast::sandbox
