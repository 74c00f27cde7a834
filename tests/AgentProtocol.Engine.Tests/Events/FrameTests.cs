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
                    select new Frame(number, name, JsonText.Quote(text.Get ?? ""));
        Check.QuickThrowOnFailure(Prop.ForAll(
            frame.NonEmptyListOf().Select(frames => frames.ToList()).ToArbitrary(),
            frames => Frame.Read(Frame.Write(frames)).SequenceEqual(frames)));
    }

    [Fact]
    public void A_frame_that_shows_state_names_its_checkpoint_and_no_other_does()
    {
        var id = Guid.CreateVersion7();
        var frames = Frame.Read(Frame.Write([new Frame(3, "values", Frame.CheckpointData(id)), new Frame(4, "custom", "\"@" + id + "\"")])).ToList();

        Assert.Equal([id, null], frames.Select(frame => frame.Checkpoint));
    }

    [Fact]
    public void Data_with_tabs_stays_whole()
    {
        Assert.Equal("{\t\"a\":\t1}", Assert.Single(Frame.Read(Frame.Write([new Frame(0, "custom", "{\t\"a\":\t1}")]))).Data);
    }
}
