using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace AgentProtocol.Engine.Tests.Events;

public sealed class FrameTests
{
    [Fact]
    public void A_page_is_read_as_it_was_written()
    {
        var frame = from number in Gen.Choose(0, int.MaxValue)
                    from name in Gen.Elements("metadata", "values", "messages/partial", "custom")
                    from text in ArbMap.Default.GeneratorFor<UnicodeString>()
                    from node in Gen.Elements(null, "echo", "a\tb\n\"c\"")
                    from isProtocol in ArbMap.Default.GeneratorFor<bool>()
                    select isProtocol
                        ? new Frame(0, null, name, JsonText.Quote(text.Get ?? "")) { Origin = new FrameOrigin(number, node) }
                        : new Frame(0, number, name, JsonText.Quote(text.Get ?? ""));
        Check.QuickThrowOnFailure(Prop.ForAll(
            frame.NonEmptyListOf().Select(frames => frames.Select((each, index) => each with { Position = 7 + index }).ToList()).ToArbitrary(),
            frames => Frame.Read(7, Frame.Write(frames)).Select(Text).SequenceEqual(frames.Select(Text))));

        static string Text(Frame frame) => $"{frame} {frame.Origin.Write()}";
    }

    [Fact]
    public void A_frame_that_shows_state_names_its_checkpoint_and_no_other_does()
    {
        var id = Guid.CreateVersion7();
        var frames = Frame.Read(0, Frame.Write(
        [
            new Frame(0, 3, "values", StateData.Whole(id)),
            new Frame(1, 4, "custom", "\"@" + id + "\""),
            new Frame(2, null, "tasks", StateData.Within(id, "{\"input\":", "}")),
        ])).ToList();

        Assert.Equal([id, null, id], frames.Select(frame => frame.Checkpoint));
        Assert.Equal("{\"input\":{}}", (frames[2] with { State = StateValues.Empty }).Render());
    }

    [Fact]
    public void Data_with_tabs_stays_whole()
    {
        Assert.Equal("{\t\"a\":\t1}", Assert.Single(Frame.Read(0, Frame.Write([new Frame(0, 0, "custom", "{\t\"a\":\t1}")]))).Data);
    }
}
