using System.ComponentModel.DataAnnotations;

namespace AgentProtocol.Engine;

/// <summary>Settings below <c>Events</c>.</summary>
public sealed class EventsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Events";

    /// <summary>How long the events of a run can be read after its end. They go by the day on which the run was created.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00", ErrorMessage = "Events:Retention must be between 1.00:00:00 and 3650.00:00:00.")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);
}
