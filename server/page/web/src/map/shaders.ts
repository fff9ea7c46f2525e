// The programs that run on the GPU. A point lies between two frames, so moving through time changes one number.

/**
 * Which points a pass draws: those filtered out, those that others are set off against, the rest, a single one with a
 * ring, the ground (where any point is at any epoch), or the echo of another epoch.
 */
export const TIER = { hidden: 0, faded: 1, full: 2, ringed: 3, ground: 4, echo: 5 } as const;

/** Where a point is and what it looks like, in points and in pictures alike. */
const common = `#version 300 es
precision highp float;
layout(location = 0) in uvec3 from;
layout(location = 1) in uvec3 to;
layout(location = 2) in uint slotFrom; // in the palette
layout(location = 3) in uint slotTo;
layout(location = 4) in uint flags;
uniform mat4 view;
uniform vec4 placeFrom, placeTo; // offset, scale
uniform float t;
uniform int tier;
uniform int emphasis; // flags that set a row off; 0: none does
uniform sampler2D palette;

bool inFrom() { return from.x != 65535u; }
bool inTo() { return to.x != 65535u; }

bool drawn() {
  int own = (flags & 1u) != 0u ? 0 : emphasis != 0 && (int(flags) & emphasis) == 0 ? 1 : 2;
  bool wanted = tier < 3 ? own == tier : tier == 5 ? own == 2 : true;
  return wanted && (inFrom() || inTo());
}

vec4 place() {
  vec3 a = vec3(from) * placeFrom.w + placeFrom.xyz;
  vec3 b = vec3(to) * placeTo.w + placeTo.xyz;
  return view * vec4(!inFrom() ? b : !inTo() ? a : mix(a, b, t), 1.0);
}

vec4 tint() {
  vec4 a = texelFetch(palette, ivec2(int(slotFrom), 0), 0);
  vec4 b = texelFetch(palette, ivec2(int(slotTo), 0), 0);
  vec4 c = !inFrom() ? b : !inTo() ? a : mix(a, b, t);
  c.a *= inFrom() && inTo() ? 1.0 : inFrom() ? 1.0 - t : t;
  return c;
}
`;

export const pointVertex = `${common}
uniform float diameter; // device pixels, rim included
uniform float rim, growth; // width, and what a selected point is wider in all; device pixels
uniform float marking; // how much of the mark's colour the rim of what is selected has
uniform vec4 ghost; // what remains of a filtered point, and the ground
uniform float fade;
uniform float opacity;
uniform vec4 rimColour, markColour;
uniform bool hollow;
out vec4 colour;
out vec4 edge;
out float size;
out float outline;

void main() {
  if (!drawn()) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  gl_Position = place();
  bool marked = (flags & 4u) != 0u && tier == 2;
  size = (diameter + (marked ? growth : 0.0)) / gl_Position.w;
  outline = rim + (marked ? growth * 0.2 : 0.0);
  gl_PointSize = size + 1.0;
  vec4 own = tint();
  colour = tier == 0 || tier == 4 ? vec4(ghost.rgb, ghost.a * own.a) : tier == 3 ? vec4(own.rgb, 1.0) : vec4(own.rgb, own.a * (tier == 1 || tier == 5 ? fade : opacity));
  edge = mix(hollow ? own : rimColour, markColour, marked ? marking : 0.0);
}`;

export const pointFragment = `#version 300 es
precision highp float;
in vec4 colour;
in vec4 edge;
in float size;
in float outline; // the rim's width in device pixels
uniform bool solid;
uniform bool hollow;
out vec4 result;

void main() {
  float d = length(gl_PointCoord - 0.5) * (size + 1.0);
  float radius = size * 0.5;
  float disc = clamp(radius - d + 0.5, 0.0, 1.0);
  if (disc <= 0.0 || (solid && disc < 0.5)) discard;
  float inner = clamp(radius - outline - d + 0.5, 0.0, 1.0);
  vec4 fill = hollow ? vec4(0.0) : vec4(colour.rgb * colour.a, colour.a);
  vec4 around = vec4(edge.rgb, 1.0) * edge.a * colour.a;
  result = mix(around, fill, inner) * disc;
}`;

/** Samples' pictures as points: each sheet of pictures is drawn with the rows whose pictures it holds. */
export const pictureVertex = `${common}
uniform float side; // of a picture, device pixels
uniform float fade;
uniform int perSheet, columns;
uniform vec2 tile; // a tile's part of the sheet
out vec4 colour;
out vec4 edge;
flat out vec2 corner;
out float size;
uniform vec4 markColour;
uniform float marking;

void main() {
  if (!drawn()) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  gl_Position = place();
  size = side / gl_Position.w;
  gl_PointSize = size;
  colour = tint();
  colour.a = tier == 1 ? fade : 1.0;
  edge = mix(vec4(colour.rgb, 1.0), markColour, (flags & 4u) != 0u ? marking : 0.0);
  int k = gl_VertexID % perSheet;
  corner = vec2(k % columns, k / columns) * tile;
}`;

export const pictureFragment = `#version 300 es
precision highp float;
in vec4 colour;
in vec4 edge;
flat in vec2 corner;
in float size;
uniform vec2 tile;
uniform vec2 shape; // of a picture, its longer side 1
uniform sampler2D sheet;
uniform float border; // device pixels
out vec4 result;

void main() {
  vec2 p = (gl_PointCoord - 0.5) / shape + 0.5; // 0 to 1 on the picture
  vec2 margin = border / (size * shape);
  if (any(lessThan(p, vec2(0.0))) || any(greaterThan(p, vec2(1.0)))) discard;
  bool inner = all(greaterThan(p, margin)) && all(lessThan(p, 1.0 - margin));
  vec4 c = texture(sheet, corner + (p - margin) / (1.0 - 2.0 * margin) * tile);
  vec3 rgb = inner ? c.rgb + (1.0 - c.a) * vec3(1.0) : edge.rgb;
  result = vec4(rgb, 1.0) * colour.a;
}`;

/** The ways of samples through the epochs: one instance is one step, as wide as a pen. */
export const trailVertex = `#version 300 es
precision highp float;
layout(location = 0) in vec3 a;
layout(location = 1) in vec3 b;
layout(location = 2) in vec2 what; // the step's number in time, and its place in the palette
uniform mat4 view;
uniform vec2 window; // device pixels
uniform float width;
uniform float now;
uniform float strength;
uniform sampler2D palette;
out vec4 colour;
out float across; // device pixels from the line's middle

void main() {
  vec4 p = view * vec4(a, 1.0);
  vec4 q = view * vec4(b, 1.0);
  vec2 s = p.xy / p.w * window * 0.5, e = q.xy / q.w * window * 0.5;
  vec2 along = e - s;
  float l = length(along);
  vec2 side = l > 0.0 ? vec2(-along.y, along.x) / l : vec2(0.0);
  bool end = (gl_VertexID & 1) == 1;
  float which = gl_VertexID < 2 ? -1.0 : 1.0;
  vec4 at = end ? q : p;
  across = which * (width * 0.5 + 1.0);
  at.xy += side * across * 2.0 / window * at.w;
  gl_Position = at;
  float since = now - what.x - (end ? 1.0 : 0.0);
  // What has been fades slowly, what is to come is a hint.
  float presence = since >= 0.0 ? 0.35 + 0.65 * exp(-since / 4.0) : 0.22;
  vec4 c = texelFetch(palette, ivec2(int(what.y), 0), 0);
  colour = vec4(c.rgb, 1.0) * presence * strength;
}`;

export const trailFragment = `#version 300 es
precision highp float;
in vec4 colour;
in float across;
uniform float width;
out vec4 result;
void main() { result = colour * clamp(width * 0.5 + 0.5 - abs(across), 0.0, 1.0); }`;
