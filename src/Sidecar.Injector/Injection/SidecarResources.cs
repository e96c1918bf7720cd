using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>Requests and limits of our containers. No CPU limit: throttling a proxy is latency for every request of the application.</summary>
internal static class SidecarResources
{
    // What a Guaranteed pod's containers get unless an annotation says otherwise.
    private const string GuaranteedCpu = "250m";
    private const string GuaranteedMemory = "128Mi";

    /// <summary>Of the proxy.</summary>
    public static JsonObject OfProxy(SidecarForm form)
    {
        var settings = form.Settings;
        if (form.IsBudgeted)
        {
            return Annotated(settings);
        }

        return form.IsGuaranteed
            ? Equal(
                settings.IsAnnotated(SettingKey.CpuRequest) ? settings.CpuRequest.Text : GuaranteedCpu,
                settings.IsAnnotated(SettingKey.MemoryLimit) ? settings.MemoryLimit.Text : GuaranteedMemory)
            : Burstable(settings.CpuRequest.Text, settings.MemoryRequest.Text, settings.MemoryLimit.Text);
    }

    /// <summary>Of the init container: gone before the application starts, so its own requests cost nothing.</summary>
    public static JsonObject OfInit(SidecarForm form) => form.IsBudgeted ? [] : form.IsGuaranteed
        ? Equal(GuaranteedCpu, GuaranteedMemory)
        : Burstable(SettingKey.CpuRequest.Default, SettingKey.MemoryRequest.Default, SettingKey.MemoryLimit.Default);

    // What is written for this pod, and nothing that would be added to its budget unasked.
    private static JsonObject Annotated(InjectionSettings settings)
    {
        var (requests, limits) = (new JsonObject(), new JsonObject());
        Note(requests, "cpu", SettingKey.CpuRequest, settings.CpuRequest);
        Note(requests, "memory", SettingKey.MemoryRequest, settings.MemoryRequest);
        Note(limits, "memory", SettingKey.MemoryLimit, settings.MemoryLimit);
        var resources = new JsonObject();
        foreach (var (name, amounts) in new[] { ("requests", requests), ("limits", limits) })
        {
            if (amounts.Count > 0)
            {
                resources[name] = amounts;
            }
        }

        return resources;

        void Note(JsonObject amounts, string name, SettingKey key, Quantity quantity)
        {
            if (settings.IsAnnotated(key))
            {
                amounts[name] = quantity.Text;
            }
        }
    }

    private static JsonObject Equal(string cpu, string memory) => new()
    {
        ["requests"] = new JsonObject { ["cpu"] = cpu, ["memory"] = memory },
        ["limits"] = new JsonObject { ["cpu"] = cpu, ["memory"] = memory },
    };

    private static JsonObject Burstable(string cpu, string memory, string memoryLimit) => new()
    {
        ["requests"] = new JsonObject { ["cpu"] = cpu, ["memory"] = memory },
        ["limits"] = new JsonObject { ["memory"] = memoryLimit },
    };
}
