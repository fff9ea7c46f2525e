// The programs that run on the GPU. A point lies between two frames, so moving through time changes one number.

/**
 * Which points a pass draws: those filtered out, those out of focus, the rest, a single one with a ring, or the terrain:
 * where any point is at any epoch.
 */
export const TIER = { hidden: 0, faded: 1, full: 2, ringed: 3, terrain: 4 } as const;

export const pointVertex = `#version 300 es
precision highp float;
layout(location = 0) in uvec3 from;
layout(location = 1) in uvec3 to;
layout(location = 2) in uint category;
layout(location = 3) in uint flags;
uniform mat4 view;
uniform vec4 placeFrom, placeTo; // offset, scale
uniform float t;
uniform float diameter; // device pixels, rim included
uniform int tier;
uniform bool focusing;
uniform vec4 ghost; // what remains of a filtered point
uniform float fade;
uniform sampler2D palette;
out vec4 colour;
out float size;

void main() {
  bool inFrom = from.x != 65535u;
  bool inTo = to.x != 65535u;
  int own = (flags & 1u) != 0u ? 0 : focusing && (flags & 2u) == 0u ? 1 : 2;
  if ((tier < 3 && own != tier) || !(inFrom || inTo)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  vec3 a = vec3(from) * placeFrom.w + placeFrom.xyz;
  vec3 b = vec3(to) * placeTo.w + placeTo.xyz;
  vec3 p = !inFrom ? b : !inTo ? a : mix(a, b, t);
  gl_Position = view * vec4(p, 1.0);
  size = diameter / gl_Position.w;
  gl_PointSize = size + 1.0;
  vec4 own_colour = texelFetch(palette, ivec2(int(category), 0), 0);
  float presence = inFrom && inTo ? 1.0 : inFrom ? 1.0 - t : t;
  colour = tier == 0 || tier == 4 ? ghost : tier == 1 ? vec4(own_colour.rgb, own_colour.a * fade) : own_colour;
  colour.a *= presence;
}`;

export const pointFragment = `#version 300 es
precision highp float;
in vec4 colour;
in float size;
uniform float rim; // width in device pixels
uniform vec4 rimColour;
uniform bool solid;
out vec4 result;

void main() {
  float d = length(gl_PointCoord - 0.5) * (size + 1.0);
  float radius = size * 0.5;
  float disc = clamp(radius - d + 0.5, 0.0, 1.0);
  if (disc <= 0.0 || (solid && disc < 0.5)) discard;
  float inner = clamp(radius - rim - d + 0.5, 0.0, 1.0);
  vec4 fill = vec4(colour.rgb * colour.a, colour.a);
  vec4 edge = vec4(rimColour.rgb, 1.0) * rimColour.a * colour.a;
  result = mix(edge, fill, inner) * disc;
}`;
