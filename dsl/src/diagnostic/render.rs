//! Render: how does a person, an editor or a build server read the findings?
